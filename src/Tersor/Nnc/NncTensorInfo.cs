using Tersor.Models;
using Tersor.Nnc.Syntax;

namespace Tersor.Nnc;

/// <summary>A tensor as it stands in a stream, known from the headers alone.</summary>
public sealed class NncTensorInfo
{
    internal NncTensorInfo(CompressedDataUnit unit, string name, NncTensorRole role, TensorShape shape, NncCodebook? codebook)
    {
        Unit = unit;
        Name = name;
        Role = role;
        Shape = shape;
        Codebook = codebook;
    }

    /// <summary>The name in the stream; unique in it.</summary>
    public string Name { get; }

    /// <summary>What the tensor is within its unit.</summary>
    public NncTensorRole Role { get; }

    /// <summary>Dimensions, outermost first.</summary>
    public TensorShape Shape { get; }

    /// <summary>How the unit carries its tensors.</summary>
    public NncPayloadType PayloadType => Unit.Header.PayloadType;

    /// <summary>
    /// <see cref="ElementType.Int32"/> for integers, else <see cref="ElementType.Float32"/>, unless the unit asks for another type.
    /// </summary>
    public ElementType ElementType =>
        (Unit.Header.DataFormat is int code ? DataFormats.ToElementType(code) : null)
        ?? (PayloadType == NncPayloadType.Integer ? ElementType.Int32 : ElementType.Float32);

    /// <summary>Whether the levels follow the 8-state dependent quantizer.</summary>
    public bool DependentQuantization => Unit.Header.DependentQuantization;

    /// <summary>The codebook that the levels index; null where there is none.</summary>
    public NncCodebook? Codebook { get; }

    /// <summary>N: greater-than flags of the binarization, 1..256.</summary>
    public int GreaterFlagCount => Unit.Header.GreaterFlagCount;

    /// <summary>0: row-major; 1..4: blocks of 8, 16, 32, 64.</summary>
    public int ScanOrder => Shape.Rank > 1 ? Unit.Header.ScanOrder : 0;

    /// <summary>Ordinal of the unit in the stream, from 0; tensors of a block share it.</summary>
    public int UnitNumber => Unit.Info.Number;

    /// <summary>Offset of the unit in the file.</summary>
    public long UnitOffset => Unit.Info.Offset;

    /// <summary>Bytes of the unit, header included.</summary>
    public int UnitByteCount => Unit.Info.ByteCount;

    internal CompressedDataUnit Unit { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Shape}";
}
