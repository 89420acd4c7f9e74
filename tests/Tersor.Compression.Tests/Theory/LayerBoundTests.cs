using Tersor.Compression.Calibration;
using Tersor.Compression.Theory;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;
using Tersor.Quantization;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Theory;

/// <summary>A linear model of 64 outputs and 96 inputs, of normal weights: there the bound is one.</summary>
public class LayerBoundTests
{
    private const int Outputs = 64;
    private const int Inputs = 96;

    [Theory]
    [InlineData(0)]
    [InlineData(0.7f)]
    public void No_coder_gets_below_the_bound_and_compensated_levels_come_near_it(float correlation)
    {
        (Tensor weight, RowCurvature curvature) = Linear(correlation);
        ILookup<int, CodedLayer> bySteps = BoundComparison.Run(weight, curvature, [-8, -4, 0]).ToLookup(layer => StepOf(layer));

        Assert.Equal(3, bySteps.Count);
        foreach (CodedLayer[] alike in bySteps.Select(group => group.ToArray()))
        {
            Assert.Equal([TensorMethod.Uniform, TensorMethod.UniformRdo, TensorMethod.TrellisRdo, TensorMethod.TrellisRdo], alike.Select(layer => layer.Method));
            Assert.All(alike, layer => Assert.True(layer.Bits > layer.BoundBits, $"{layer}"));
            Assert.True(alike[3].Bits < alike[3].BoundBits + 0.3, $"{alike[3]}");

            // Rounding to the nearest misses a quarter of a bit at high rates, and what it does not know of correlation.
            Assert.True(alike[0].Bits > alike[0].BoundBits + 0.2, $"{alike[0]}");
            Assert.True(Gap(alike[3]) < Gap(alike[0]), $"{alike[3]}, {alike[0]}");
        }

        static double Gap(CodedLayer layer) => layer.Bits - layer.BoundBits;
    }

    [Fact]
    public void The_bound_is_that_of_the_weights_where_outputs_and_inputs_do_not_depend_on_one_another()
    {
        // 6 inputs with variance 4, 3 outputs: all errors count alike.
        RowCurvature curvature = new([Diagonal(6, 4)], Diagonal(3, 0.5), 1e-9, 1e-9);
        float[] weights = [.. Enumerable.Range(0, 18).Select(i => i % 2 == 0 ? 1f : -1f)];
        LayerBound bound = new(curvature, weights);

        Assert.Equal(36, bound.LargestCost, 1e-6);
        Assert.Equal(0, bound.BitsAt(36.1));
        Assert.Equal(18 * 2, bound.BitsAt(36.0 / 16), 1e-6);
        Assert.Throws<ArgumentException>(() => new LayerBound(curvature, new float[17]));
        Assert.Throws<ArgumentException>(() => new LayerBound(curvature, [.. weights[1..], float.NaN]));
    }

    [Fact]
    public void Groups_of_rows_have_inputs_of_their_own()
    {
        RowCurvature curvature = new([Diagonal(2, 1), Diagonal(2, 9)], Diagonal(4, 1), 1e-9, 1e-9);
        LayerBound bound = new(curvature, [1, 1, 1, 1, 1, 1, 1, 1]);

        Assert.Equal(4 + 36, bound.LargestCost, 1e-6);

        // Down to the importance of the second group alone, only it takes bits.
        Assert.Equal(4 * Math.Log2(9) / 2, bound.BitsAt(8), 1e-6);
    }

    private static int StepOf(CodedLayer layer) => layer.Method.IsDependent() ? StepSize.ToQp(StepSize.FromQp(layer.Qp) * StepSize.UniformRatio * 1.01) : layer.Qp;

    private static double[] Diagonal(int size, double value)
    {
        double[] matrix = new double[size * size];
        for (int i = 0; i < size; i++) matrix[(i * size) + i] = value;
        return matrix;
    }

    private static (Tensor Weight, RowCurvature Curvature) Linear(float correlation)
    {
        Seeded random = new(1);
        Tensor weight = new("w", new TensorShape(Outputs, Inputs), [.. Enumerable.Range(0, Inputs * Outputs).Select(_ => random.NextGaussian())]);
        OnnxGraphBuilder builder = new("linear");
        string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(Inputs));
        builder.AddNode("Gemm", [x, builder.AddInitializer(weight)], [new OnnxAttribute("transB", 1)], "y");
        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(Outputs));
        float[] values = new float[2048 * Inputs];
        for (int i = 0; i < values.Length; i++)
            values[i] = (i % Inputs == 0 ? 0 : correlation * values[i - 1]) + (MathF.Sqrt(1 - (correlation * correlation)) * random.NextGaussian());
        SampleSet samples = new("walks", new TensorShape(Inputs), values, new TensorShape(1), new float[2048]);
        using KernelThreads threads = new(2);
        return (weight, NetworkCurvature.Estimate(ExecutableGraph.Create(builder.Build()), samples, Preprocessing.Default with { Scale = 1 }, (1e-3, 1e-3), seed: 1, threads).Rows["w"]);
    }
}
