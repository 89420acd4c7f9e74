using Tersor.Models;
using static Tersor.Tests.Models.Onnx.OnnxProtos;

namespace Tersor.Tests.Models.Onnx;

/// <summary>A model of several gigabytes that is nowhere: its few telling bytes are kept, its weights made when read.</summary>
internal sealed class VirtualModelSource : ByteSource
{
    private readonly List<(long Start, byte[] Bytes)> _islands = [];
    private long _length;

    public static byte[] Filler { get; } = [0, 0, 0x80, 0x3F];

    public override string Name => "virtual.onnx";

    public override long Length => _length;

    /// <summary>How many bytes were asked for.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Tensors <c>w0</c>, <c>w1</c> and so on of the given size, and a small one named <c>last</c>.</summary>
    public static VirtualModelSource WithTensors(int count, long bytesEach)
    {
        VirtualModelSource source = new();
        List<byte[]> heads = [];
        long graphLength = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] fields =
            [
                .. Varints(1 << 3, (ulong)bytesEach / 4, 2 << 3, 1), .. Field(8, [(byte)'w', (byte)('0' + i)]),
                .. Varints((9 << 3) | 2, (ulong)bytesEach),
            ];
            byte[] head = [.. Varints((5 << 3) | 2, (ulong)(fields.Length + bytesEach)), .. fields];
            heads.Add(head);
            graphLength += head.Length + bytesEach;
        }

        byte[] last = Field(5, Varints(2 << 3, 1), Field(8, "last"u8.ToArray()), Field(9, Singles(1.5f)));
        byte[] start = [8, 8, .. Varints((7 << 3) | 2, (ulong)(graphLength + last.Length))];
        source.Add(start);
        foreach (byte[] head in heads)
        {
            source.Add(head);
            source._length += bytesEach;
        }

        source.Add(last);
        return source;
    }

    public override void Read(long offset, Span<byte> destination)
    {
        BytesRead += destination.Length;
        for (int i = 0; i < destination.Length; i++) destination[i] = Filler[i % 4];
        foreach ((long start, byte[] bytes) in _islands)
        {
            long from = Math.Max(start, offset);
            long to = Math.Min(start + bytes.Length, offset + destination.Length);
            if (from < to) bytes.AsSpan((int)(from - start), (int)(to - from)).CopyTo(destination[(int)(from - offset)..]);
        }
    }

    private void Add(byte[] bytes)
    {
        _islands.Add((_length, bytes));
        _length += bytes.Length;
    }
}
