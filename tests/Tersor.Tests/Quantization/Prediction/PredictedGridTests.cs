using Tersor.Models;
using Tersor.Quantization.Prediction;
using Tersor.Tests.Codec;

namespace Tersor.Tests.Quantization.Prediction;

/// <summary>What predictions leave is quantized within reach, and the decoder arrives at the encoder's values.</summary>
public class PredictedGridTests
{
    public static TheoryData<Predictor, string> PredictorsAndShapes
    {
        get
        {
            TheoryData<Predictor, string> data = [];
            foreach (Predictor predictor in (Predictor[])[Predictor.Lorenzo, Predictor.Regression])
            {
                foreach (string shape in (string[])["scalar", "1", "300", "40x30", "1x70", "70x1", "8x13x7", "5x4x3x3", "2x3x2x7x8", "90x800", "3x2x150x160", "0x5", "5x0x3"]) data.Add(predictor, shape);
            }

            return data;
        }
    }

    [Fact]
    public void Levels_of_the_worked_example()
    {
        // The note's example without its values that are stored raw; the bound is 0.01.
        float[] weights = [0.10f, 0.13f, 0.155f, -0.02f];
        int[] levels = new int[4];
        float[] values = new float[4];
        PredictedGrid grid = new(Predictor.Lorenzo, new PredictionLayout(new TensorShape(4)), 0.02);

        Assert.Empty(grid.TryQuantize(weights, 0.01, levels, values, default)!);

        Assert.Equal([5, 1, 2, -9], levels);
        Assert.All(values.Zip([0.1, 0.12, 0.16, -0.02]), pair => Assert.Equal(pair.Second, pair.First, 2e-8));
    }

    [Theory]
    [MemberData(nameof(PredictorsAndShapes))]
    public void The_decoder_makes_the_values_that_the_encoder_kept_within_reach(Predictor predictor, string dimensions)
    {
        TensorShape shape = dimensions == "scalar" ? default : new TensorShape([.. dimensions.Split('x').Select(long.Parse)]);
        float[] weights = CodecRun.Gaussian((int)shape.ElementCount, 1, 9);
        PredictedGrid grid = new(predictor, new PredictionLayout(shape), 0.02);
        int[] levels = new int[weights.Length];
        float[] kept = new float[weights.Length];
        float[] decoded = new float[weights.Length];

        int[] planes = grid.TryQuantize(weights, 0.01, levels, kept, default)!;
        grid.Reconstruct(planes, levels, decoded);

        Assert.Equal(PredictedGrid.PlaneCodeCount(predictor, new PredictionLayout(shape)), planes.Length);
        Assert.Equal(kept.Select(BitConverter.SingleToInt32Bits), decoded.Select(BitConverter.SingleToInt32Bits));
        Assert.All(weights.Zip(decoded), pair => Assert.InRange(Math.Abs((double)pair.First - pair.Second), 0, 0.01 + 1e-6));
    }

    [Theory]
    [MemberData(nameof(PredictorsAndShapes))]
    public void Levels_that_come_in_parts_make_the_same_values(Predictor predictor, string dimensions)
    {
        TensorShape shape = dimensions == "scalar" ? default : new TensorShape([.. dimensions.Split('x').Select(long.Parse)]);
        Seeded random = new(12);
        PredictedGrid grid = new(predictor, new PredictionLayout(shape), 0.02);
        int[] planes = [.. Enumerable.Range(0, (int)PredictedGrid.PlaneCodeCount(predictor, new PredictionLayout(shape))).Select(_ => random.NextInt(2000) - 1000)];
        int[] levels = [.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => random.NextInt(200) - 100)];
        float[] whole = new float[levels.Length];
        grid.Reconstruct(planes, levels, whole);

        List<float> made = [];
        PredictedParts parts = grid.InParts(planes);
        for (int at = 0; at < levels.Length;)
        {
            int count = Math.Min(1 + random.NextInt(50), levels.Length - at);
            parts.Add(levels.AsSpan(at, count), values => made.AddRange(values));
            at += count;
        }

        parts.Finish(values => made.AddRange(values));

        Assert.Equal(whole.Select(BitConverter.SingleToInt32Bits), made.Select(BitConverter.SingleToInt32Bits));
    }

    [Theory]
    [InlineData(Predictor.Lorenzo, 90)]
    [InlineData(Predictor.Regression, 0)]
    public void Of_a_slope_next_to_nothing_is_left(Predictor predictor, int mostLevels)
    {
        // Where the border is predicted from zero, Lorenzo starts anew in each row and column.
        TensorShape shape = new(40, 50);
        float[] weights = [.. Enumerable.Range(0, 2000).Select(i => 1f + (0.3f * (i / 50)) - (0.2f * (i % 50)))];
        int[] levels = new int[2000];

        Assert.NotNull(new PredictedGrid(predictor, new PredictionLayout(shape), 0.1).TryQuantize(weights, 0.05, levels, new float[2000], default));

        Assert.InRange(levels.Count(level => level != 0), 0, mostLevels);
    }

    [Fact]
    public void A_plane_is_the_least_squares_fit()
    {
        Plane plane = Plane.Fit([0.1f, 0.2f, 0.35f, 0.4f], new PredictionLayout(new TensorShape(4)), new PredictionBlock(0, 1, 1, 4));

        Assert.Equal(0.105, plane.Constant, 1e-8);
        Assert.Equal(0.105, plane.AlongColumns, 1e-8);
        Assert.Equal((0, 0), (plane.AlongRows, plane.AlongDepth));
    }

    [Fact]
    public void A_plane_through_a_box_finds_every_slope()
    {
        float[] weights = [.. Enumerable.Range(0, 60).Select(i => 2f + (0.5f * (i % 5)) - (0.25f * (i / 5 % 4)) + (4f * (i / 20)))];
        Plane plane = Plane.Fit(weights, new PredictionLayout(new TensorShape(3, 4, 5)), new PredictionBlock(0, 3, 4, 5));

        Assert.Equal(2, plane.Constant, 1e-12);
        Assert.Equal(0.5, plane.AlongColumns, 1e-12);
        Assert.Equal(-0.25, plane.AlongRows, 1e-12);
        Assert.Equal(4, plane.AlongDepth, 1e-12);
    }

    [Fact]
    public void Blocks_cover_every_element_once()
    {
        foreach (long[] dimensions in (long[][])[[1000], [33, 50], [7, 13, 19], [3, 2, 7, 8]])
        {
            PredictionLayout layout = new(new TensorShape(dimensions));
            PredictionBlock[] blocks = [.. PredictionBlock.All(layout)];

            Assert.Equal(PredictionBlock.Count(layout), blocks.Length);
            IEnumerable<int> covered = blocks.SelectMany(block => Enumerable.Range(0, block.Length).Select(i =>
                block.Start + (i % block.Columns) + (i / block.Columns % block.Rows * layout.Columns) + (i / block.Columns / block.Rows * layout.Rows * layout.Columns)));
            Assert.Equal(Enumerable.Range(0, (int)new TensorShape(dimensions).ElementCount), covered.Order());
        }
    }

    [Fact]
    public void Any_integers_decode()
    {
        Seeded random = new(10);
        foreach (Predictor predictor in (Predictor[])[Predictor.Lorenzo, Predictor.Regression])
        {
            PredictionLayout layout = new(new TensorShape(9, 10, 11));
            PredictedGrid grid = new(predictor, layout, 1e30);
            int[] planes = [.. Enumerable.Range(0, (int)PredictedGrid.PlaneCodeCount(predictor, layout)).Select(_ => (int)random.NextUInt64())];
            int[] levels = [.. Enumerable.Range(0, 990).Select(_ => (int)random.NextUInt64())];
            float[] values = new float[990];
            Array.Fill(values, 3);

            grid.Reconstruct(planes, levels, values);

            Assert.DoesNotContain(3, values);
        }
    }

    [Fact]
    public void Planes_too_steep_for_integers_are_told()
    {
        PredictedGrid grid = new(Predictor.Regression, new PredictionLayout(new TensorShape(4)), 1e-20);

        Assert.Null(grid.TryQuantize([1, -1, 1, 2], 1, new int[4], new float[4], default));
    }
}
