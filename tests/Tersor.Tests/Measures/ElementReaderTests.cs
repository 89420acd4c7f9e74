using Tersor.Measures;
using Tersor.Models;

namespace Tersor.Tests.Measures;

public sealed class ElementReaderTests
{
    [Theory]
    [InlineData(ElementType.Float32, "0000C03F", new[] { 1.5 })]
    [InlineData(ElementType.Float64, "000000000000F83F", new[] { 1.5 })]
    [InlineData(ElementType.Float16, "003E00FC", new[] { 1.5, double.NegativeInfinity })]
    [InlineData(ElementType.BFloat16, "C03F80FF", new[] { 1.5, double.NegativeInfinity })]
    [InlineData(ElementType.Int64, "FFFFFFFFFFFFFFFF", new[] { -1.0 })]
    [InlineData(ElementType.UInt64, "FFFFFFFFFFFFFFFF", new[] { 18446744073709551616.0 })]
    [InlineData(ElementType.Int32, "FEFFFFFF", new[] { -2.0 })]
    [InlineData(ElementType.UInt32, "FEFFFFFF", new[] { 4294967294.0 })]
    [InlineData(ElementType.Int16, "FEFF", new[] { -2.0 })]
    [InlineData(ElementType.UInt16, "FEFF", new[] { 65534.0 })]
    [InlineData(ElementType.Int8, "FE7F", new[] { -2.0, 127.0 })]
    [InlineData(ElementType.UInt8, "FE7F", new[] { 254.0, 127.0 })]
    [InlineData(ElementType.Bool, "0001", new[] { 0.0, 1.0 })]
    [InlineData(ElementType.Int4, "87F1", new[] { 7.0, -8.0, 1.0, -1.0 })]
    [InlineData(ElementType.UInt4, "87", new[] { 7.0, 8.0 })]
    [InlineData(ElementType.Int2, "E4", new[] { 0.0, 1.0, -2.0, -1.0 })]
    [InlineData(ElementType.UInt2, "E4", new[] { 0.0, 1.0, 2.0, 3.0 })]
    [InlineData(ElementType.Complex64, "0000803F000000C0", new[] { 1.0, -2.0 })]
    [InlineData(ElementType.Float4E2M1, "10325476", new[] { 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0 })]
    [InlineData(ElementType.Float4E2M1, "F9", new[] { -0.5, -6.0 })]
    [InlineData(ElementType.Float8E4M3FN, "01087EFEFF", new[] { 1.0 / 512, 1.0 / 64, 448.0, -448.0, double.NaN })]
    [InlineData(ElementType.Float8E4M3FNUZ, "01087FFF80", new[] { 1.0 / 1024, 1.0 / 128, 240.0, -240.0, double.NaN })]
    [InlineData(ElementType.Float8E5M2, "01047B7CFCFF", new[] { 1.0 / 65536, 1.0 / 16384, 57344.0, double.PositiveInfinity, double.NegativeInfinity, double.NaN })]
    [InlineData(ElementType.Float8E5M2FNUZ, "01047F80", new[] { 1.0 / 131072, 1.0 / 32768, 57344.0, double.NaN })]
    [InlineData(ElementType.Float8E8M0, "7F80007EFF", new[] { 1.0, 2.0, 5.877471754111438E-39, 0.5, double.NaN })]
    public void TryRead_EveryType_GivesTheValuesOfItsCodes(ElementType type, string bytes, double[] expected)
    {
        long elements = type == ElementType.Complex64 ? expected.Length / 2 : expected.Length;
        ElementReader reader = new(new Tensor("t", type, new TensorShape(elements), ByteSource.FromMemory(Convert.FromHexString(bytes))), default);

        Assert.True(reader.TryRead(out ReadOnlySpan<double> values, out ReadOnlySpan<byte> raw));
        Assert.Equal(expected, values.ToArray());
        Assert.Equal(bytes, Convert.ToHexString(raw));
        Assert.False(reader.TryRead(out _, out _));
    }

    [Fact]
    public void EveryNumericTypeIsCovered()
    {
        foreach (ElementType type in ElementTypes.All.Where(type => type.IsNumeric()))
        {
            ElementReader reader = new(new Tensor("t", type, new TensorShape(1), ByteSource.FromMemory(new byte[type.ByteLength(1)])), default);
            Assert.True(reader.TryRead(out ReadOnlySpan<double> values, out _));
            Assert.Equal(type == ElementType.Float8E8M0 ? Math.ScaleB(1, -127) : 0, values[0]);
        }
    }

    [Fact]
    public void TryRead_Text_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new ElementReader(new Tensor("t", ElementType.String, new TensorShape(1), ByteSource.FromMemory("x"u8.ToArray())), default));

    [Theory]
    [InlineData(ElementType.Int4, ElementReader.BlockLength - 1)]
    [InlineData(ElementType.Int4, ElementReader.BlockLength)]
    [InlineData(ElementType.Int4, ElementReader.BlockLength + 1)]
    [InlineData(ElementType.UInt2, (3 * ElementReader.BlockLength) + 7)]
    [InlineData(ElementType.Float16, (2 * ElementReader.BlockLength) + 1)]
    [InlineData(ElementType.Complex64, ElementReader.BlockLength + 3)]
    public void TryRead_FileMemoryAndDeferredData_GiveTheSameBlocks(ElementType type, int elements)
    {
        using TemporaryFolder folder = new();
        byte[] bytes = new byte[type.ByteLength(elements)];
        new Seeded(5).Fill(bytes);
        File.WriteAllBytes(folder["data"], bytes);
        using ByteSource file = ByteSource.FromFile(folder["data"]);

        double[] fromMemory = ReadAll(new Tensor("t", type, new TensorShape(elements), ByteSource.FromMemory(bytes)));
        double[] fromFile = ReadAll(new Tensor("t", type, new TensorShape(elements), file));
        double[] deferred = ReadAll(new Tensor("t", type, new TensorShape(elements), ByteSource.Deferred("d", bytes.Length, _ => bytes)));

        Assert.Equal(type == ElementType.Complex64 ? elements * 2 : elements, fromMemory.Length);
        Assert.Equal(fromMemory, fromFile);
        Assert.Equal(fromMemory, deferred);
    }

    private static double[] ReadAll(Tensor tensor)
    {
        List<double> all = [];
        ElementReader reader = new(tensor, default);
        while (reader.TryRead(out ReadOnlySpan<double> values, out _)) all.AddRange(values);
        return [.. all];
    }
}
