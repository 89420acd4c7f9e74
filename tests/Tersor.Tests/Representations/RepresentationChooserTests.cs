using Tersor.Representations;

namespace Tersor.Tests.Representations;

public sealed class RepresentationChooserTests
{
    [Fact]
    public void Smallest_IsTheSmallestOfAllThatCanBeMade()
    {
        Seeded random = new(69);
        for (int i = 0; i < 60; i++)
        {
            (int rows, int columns, float[] values) = RandomMatrix.Any(random, random.NextInt(2) == 0 ? 600 : 4);
            QuantizedMatrix matrix = QuantizedMatrix.FromValues(rows, columns, values);
            RepresentationChoice choice = RepresentationChooser.Choose(matrix.Measure(), RepresentationGoal.Smallest);
            long least = RepresentationFormats.All.Select(format => RoundTripTests.TryCreate(matrix, format.Name())?.SizeInBits ?? long.MaxValue).Min();
            Assert.Equal(least, Representation.Create(matrix, choice.Format).SizeInBits);
            Assert.Equal(least, choice.Candidates[0].SizeInBits);
        }
    }

    [Theory]
    [InlineData(4096, 9216, 32, 0.91, 0.85, 1, RepresentationFormat.CodedCsr)]
    [InlineData(4096, 9216, 32, 0.91, 0.85, 64, RepresentationFormat.Csr16)]
    [InlineData(4096, 4096, 16, 0.0625, 4, 1, RepresentationFormat.Codes)]
    [InlineData(4096, 4096, 2, 0.5, 1, 1, RepresentationFormat.Binary)]
    [InlineData(4096, 4096, 60000, 0.00002, 15.8, 64, RepresentationFormat.Dense)]
    public void Fastest_IsWhatWasMeasuredSo(int rows, int columns, int values, double share, double entropy, int batch, RepresentationFormat format) =>
        Assert.Equal(format, RepresentationChooser.Choose(MatrixStatistics.Model(rows, columns, values, share, entropy), RepresentationGoal.Fastest, batch).Format);

    [Fact]
    public void Unpruned4BitWeights_ArePackedCodes()
    {
        Seeded random = new(70);
        float[] values = new float[64 * 576];
        foreach (ref float value in values.AsSpan()) value = MathF.Round(Math.Clamp(random.NextGaussian() * 2.5f, -7, 7));

        Assert.Equal(RepresentationFormat.Codes, RepresentationChooser.Choose(QuantizedMatrix.FromValues(64, 576, values).Measure(), RepresentationGoal.Smallest).Format);
    }

    [Fact]
    public void Reason_NamesWhatDecided()
    {
        RepresentationChoice choice = RepresentationChooser.Choose(MatrixStatistics.Model(4096, 4096, 16, 0.95, 0.46), RepresentationGoal.Fastest, batch: 64);

        Assert.Matches("^csr16: [0-9,]+ bytes, [0-9.]+x smaller than dense, and about [0-9.]+ us for a product with 64 columns, since 5.0 ?% of the elements differ from zero; next is .+$", choice.Reason);
    }

    /// <summary>The models of the CER paper's kind: independent elements, expected against counted.</summary>
    [Theory]
    [InlineData(32, 0.91, 0.85)]
    [InlineData(16, 0.5, 2.2)]
    [InlineData(3, 0.5, 1.5)]
    public void Model_ForetellsWhatRandomMatricesHave(int valueCount, double share, double entropy)
    {
        MatrixStatistics model = MatrixStatistics.Model(256, 512, valueCount, share, entropy);
        Seeded random = new(71);
        float[] values = new float[256 * 512];
        IReadOnlyList<double> shares = new ValueModel(valueCount, share, entropy).Shares;
        foreach (ref float value in values.AsSpan())
        {
            double left = random.NextSingle();
            int at = 0;
            while (at < valueCount - 1 && (left -= shares[at]) >= 0) at++;
            value = at;
        }

        MatrixStatistics counted = QuantizedMatrix.FromValues(256, 512, values).Measure();
        Assert.Equal(entropy, model.EntropyBits, 0.02);
        Assert.Equal(model.EntropyBits, counted.EntropyBits, 0.02);
        foreach (RepresentationFormat format in RepresentationFormats.All)
        {
            if (model.SizeInBits(format) is { } expected) Assert.InRange(counted.SizeInBits(format)!.Value / (double)expected, 0.96, 1.04);
        }
    }
}
