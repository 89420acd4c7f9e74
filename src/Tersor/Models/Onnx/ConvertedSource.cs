using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Tersor.Models.Onnx;

/// <summary>Binary32 elements as binary16, bfloat16 or binary64: rounded to nearest, ties to even. Overflow becomes infinity; NaN stays NaN.</summary>
internal sealed class ConvertedSource : ByteSource
{
    private const int PieceElements = 1 << 14;

    private readonly ByteSource _singles;
    private readonly ElementType _target;
    private readonly int _width;

    public ConvertedSource(ByteSource singles, ElementType target)
    {
        if (!IsTarget(target)) throw new ArgumentOutOfRangeException(nameof(target), target, "Binary16, bfloat16 or binary64.");
        _singles = singles;
        _target = target;
        _width = target.BitWidth() / 8;
        Length = target.ByteLength(singles.Length / sizeof(float));
    }

    public override string Name => _singles.Name;

    public override long Length { get; }

    public override bool ReadsInParts => _singles.ReadsInParts;

    public static bool IsTarget(ElementType type) => type is ElementType.Float16 or ElementType.BFloat16 or ElementType.Float64;

    /// <summary>What a value is once it was converted.</summary>
    /// <param name="value">The value.</param>
    /// <param name="target">Binary16 or bfloat16; of other types it stays what it is.</param>
    public static float Round(float value, ElementType target) => target switch
    {
        ElementType.Float16 => (float)(Half)value,
        ElementType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BFloat16Bits(BitConverter.SingleToUInt32Bits(value)) << 16),
        _ => value,
    };

    public override void Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, Length - offset);
        ReadOnlySpan<byte> all = _singles.ReadsInParts ? default : _singles.ReadAll().Span;
        byte[] singles = _singles.ReadsInParts ? new byte[PieceElements * sizeof(float)] : [];
        byte[] converted = new byte[PieceElements * _width];
        while (!destination.IsEmpty)
        {
            long element = offset / _width;
            int skip = (int)(offset - (element * _width));
            int count = (int)Math.Min(PieceElements, (skip + (long)destination.Length + _width - 1) / _width);
            ReadOnlySpan<byte> piece = all;
            if (_singles.ReadsInParts)
            {
                _singles.Read(element * sizeof(float), singles.AsSpan(0, count * sizeof(float)));
                piece = singles.AsSpan(0, count * sizeof(float));
            }
            else
            {
                piece = all.Slice((int)(element * sizeof(float)), count * sizeof(float));
            }

            Convert(piece, converted);
            int bytes = Math.Min(destination.Length, (count * _width) - skip);
            converted.AsSpan(skip, bytes).CopyTo(destination);
            destination = destination[bytes..];
            offset += bytes;
        }
    }

    public override void CopyTo(Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (_singles.ReadsInParts)
        {
            base.CopyTo(destination, cancellationToken);
            return;
        }

        ReadOnlyMemory<byte> all = _singles.ReadAll(cancellationToken);
        byte[] converted = new byte[PieceElements * _width];
        for (int offset = 0; offset < all.Length; offset += PieceElements * sizeof(float))
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(PieceElements, (all.Length - offset) / sizeof(float));
            Convert(all.Span.Slice(offset, count * sizeof(float)), converted);
            destination.Write(converted, 0, count * _width);
        }
    }

    private void Convert(ReadOnlySpan<byte> singles, Span<byte> converted)
    {
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(singles);
        switch (_target)
        {
            case ElementType.Float16:
                TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(converted));
                break;
            case ElementType.BFloat16:
                for (int i = 0; i < values.Length; i++)
                    BinaryPrimitives.WriteUInt16LittleEndian(converted[(i * 2)..], BFloat16Bits(BitConverter.SingleToUInt32Bits(values[i])));
                break;
            default:
                for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteDoubleLittleEndian(converted[(i * 8)..], values[i]);
                break;
        }
    }

    private static ushort BFloat16Bits(uint bits)
    {
        bool isNaN = (bits & 0x7FFF_FFFF) > 0x7F80_0000;
        if (isNaN) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
