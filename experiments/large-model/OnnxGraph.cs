using System.Globalization;
using System.Text;

namespace LargeModel;

/// <summary>
/// An ONNX <c>ModelProto</c>: y = x W0 W1 ..., whose matrices lie one behind the other in a data file. The numbers are the field numbers of onnx.proto.
/// </summary>
internal static class OnnxGraph
{
    private const int Float = 1;
    private const int External = 1;

    public static byte[] Write(int tensors, int side, string dataFile)
    {
        List<byte> graph = [];
        for (int i = 0; i < tensors; i++)
        {
            string output = i == tensors - 1 ? "y" : $"h{i + 1}";
            graph.AddRange(Bytes(1, [.. Text(1, i == 0 ? "x" : $"h{i}"), .. Text(1, $"layer{i}.weight"), .. Text(2, output), .. Text(4, "MatMul")]));
        }

        graph.AddRange(Text(2, "large"));
        long length = (long)side * side * sizeof(float);
        for (int i = 0; i < tensors; i++)
        {
            graph.AddRange(Bytes(5,
            [
                .. Number(1, side), .. Number(1, side), .. Number(2, Float), .. Text(8, $"layer{i}.weight"),
                .. Entry("location", dataFile), .. Entry("offset", Invariant(i * length)), .. Entry("length", Invariant(length)),
                .. Number(14, External),
            ]));
        }

        graph.AddRange(Bytes(11, Value("x", side)));
        graph.AddRange(Bytes(12, Value("y", side)));
        return [.. Number(1, 8), .. Bytes(7, graph), .. Bytes(8, [.. Text(1, ""), .. Number(2, 17)])];
    }

    private static List<byte> Entry(string key, string value) => Bytes(13, [.. Text(1, key), .. Text(2, value)]);

    private static List<byte> Value(string name, int side)
    {
        List<byte> shape = [.. Bytes(1, Number(1, 1)), .. Bytes(1, Number(1, side))];
        return [.. Text(1, name), .. Bytes(2, Bytes(1, [.. Number(1, Float), .. Bytes(2, shape)]))];
    }

    private static string Invariant(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static List<byte> Text(int field, string text) => Bytes(field, [.. Encoding.UTF8.GetBytes(text)]);

    private static List<byte> Bytes(int field, List<byte> content) => [.. Varint(((ulong)field << 3) | 2), .. Varint((ulong)content.Count), .. content];

    private static List<byte> Number(int field, long value) => [.. Varint((ulong)field << 3), .. Varint((ulong)value)];

    private static List<byte> Varint(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return bytes;
    }
}
