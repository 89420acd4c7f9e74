using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Graphs;

public class RowMomentsTests
{
    private const int Outputs = 6;

    [Theory]
    [InlineData(4, 7, 9, 3, 2, 1, 0, 1)]
    [InlineData(4, 7, 9, 3, 2, 2, 1, 1)]
    [InlineData(2, 11, 8, 2, 3, 1, 2, 2)]
    [InlineData(6, 6, 6, 3, 3, 1, 1, 1, 3)]
    [InlineData(6, 9, 9, 3, 3, 2, 2, 2, 6)]
    [InlineData(3, 5, 5, 1, 1, 1, 0, 1)]
    [InlineData(1, 40, 30, 3, 3, 1, 1, 1)]
    public void Moments_of_a_convolution_are_those_of_its_patches(
        int channels, int height, int width, int kernelHeight, int kernelWidth, int stride, int padding, int dilation, int groups = 1)
    {
        OnnxAttribute[] attributes =
        [
            new("strides", [(long)stride, stride]), new("pads", [(long)padding, padding, padding, padding]), new("dilations", [(long)dilation, dilation]), new("group", groups),
        ];

        // More places than are multiplied at a time: of several samples, or of one alone.
        int samples = height == 40 ? 2 : 29;
        Run run = new(Layer("Conv", [channels, height, width], [Outputs, channels / groups, kernelHeight, kernelWidth], attributes), batch: samples + 1, samples);

        int outputHeight = ((height + (2 * padding) - ((kernelHeight - 1) * dilation) - 1) / stride) + 1;
        int outputWidth = ((width + (2 * padding) - ((kernelWidth - 1) * dilation) - 1) / stride) + 1;
        Assert.Equal(Outputs * outputHeight * outputWidth, run.OutputLength);
        LayerMoments layer = Assert.Single(run.Moments.Layers);
        Assert.Equal(("w", Outputs, channels / groups * kernelHeight * kernelWidth, (long)samples * outputHeight * outputWidth), (layer.Weight, layer.Rows, layer.Columns, layer.Places));
        Assert.Equal(groups, layer.Inputs().Count);
        for (int index = 0; index < groups; index++)
        {
            AssertProducts(
                from sample in run.Samples()
                from y in Enumerable.Range(0, outputHeight)
                from x in Enumerable.Range(0, outputWidth)
                select Patch(sample, index, y, x),
                layer.Inputs()[index],
                (double)samples * outputHeight * outputWidth);
        }

        run.AssertOutputGradients(layer, outputHeight * outputWidth);

        double[] Patch(float[] sample, int index, int y, int x) =>
        [
            .. from channel in Enumerable.Range(index * channels / groups, channels / groups)
               from row in Enumerable.Range(0, kernelHeight)
               from column in Enumerable.Range(0, kernelWidth)
               select Pixel(sample, channel, (y * stride) + (row * dilation) - padding, (x * stride) + (column * dilation) - padding),
        ];

        double Pixel(float[] sample, int channel, int y, int x) =>
            (uint)y < (uint)height && (uint)x < (uint)width ? sample[(((channel * height) + y) * width) + x] : 0;
    }

    [Fact]
    public void A_convolution_over_one_dimension_has_patches_too()
    {
        Run run = new(Layer("Conv", [3, 20], [Outputs, 3, 5], [new("pads", [2L, 1]), new("strides", [2L])]), batch: 4, samples: 4);

        LayerMoments layer = Assert.Single(run.Moments.Layers);
        Assert.Equal((Outputs, 15, 4 * 10L), (layer.Rows, layer.Columns, layer.Places));
        AssertProducts(
            from sample in run.Samples()
            from x in Enumerable.Range(0, 10)
            select (double[])
            [
                .. from channel in Enumerable.Range(0, 3)
                   from column in Enumerable.Range((2 * x) - 2, 5)
                   select (uint)column < 20 ? sample[(channel * 20) + column] : 0.0,
            ],
            layer.Inputs()[0],
            4 * 10);
        run.AssertOutputGradients(layer, places: 10);
    }

    [Theory]
    [InlineData("Gemm", true)]
    [InlineData("Gemm", false)]
    [InlineData("MatMul", false)]
    public void Moments_of_a_product_are_those_of_its_inputs(string operatorType, bool transposed)
    {
        long[] weight = transposed ? [Outputs, 33] : [33, Outputs];
        Run run = new(Layer(operatorType, [33], weight, transposed ? [new("transB", 1)] : []), batch: 40, samples: 37);

        LayerMoments layer = Assert.Single(run.Moments.Layers);
        Assert.Equal((Outputs, 33, 37L, !transposed), (layer.Rows, layer.Columns, layer.Places, layer.HasColumns));
        AssertProducts(run.Samples().Select(sample => Array.ConvertAll(sample, value => (double)value)), Assert.Single(layer.Inputs()), 37);
        run.AssertOutputGradients(layer, places: 1);
    }

    [Fact]
    public void Moments_of_all_nodes_that_share_a_weight_add_up()
    {
        // W W x with 2 x 2 weights: both nodes see two inputs at each sample.
        OnnxGraphBuilder builder = new("shared");
        string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(2));
        string w = builder.AddInitializer(new Tensor("w", new TensorShape(2, 2), [1, 2, -1, 3]));
        OnnxAttribute[] attributes = [new("transB", 1)];
        builder.AddNode("Gemm", [builder.AddNode("Gemm", [x, w], attributes), w], attributes, "y");
        builder.AddOutput("y", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(2));
        using KernelThreads threads = new(1);
        ExecutableGraph graph = ExecutableGraph.Create(builder.Build());
        TrainingPlan plan = graph.PlanGradients(graph.ShapesForBatch(1), threads);
        RowMoments moments = plan.NewRowMoments();

        ((float[])[5, 1]).CopyTo(plan.Input(0));
        plan.Forward(0);
        moments.AddInputs(1);
        ((float[])[1, 2]).CopyTo(plan.OutputGradient(0));
        plan.Backward(moments);

        // Inputs are (5, 1) and W (5, 1) = (7, -2); gradients of the outputs (1, 2) and W^T (1, 2) = (-1, 8).
        LayerMoments layer = Assert.Single(moments.Layers);
        Assert.Equal(2, layer.Places);
        Assert.Equal([(25 + 49) / 2.0, (5 - 14) / 2.0, (5 - 14) / 2.0, (1 + 4) / 2.0], layer.Inputs()[0]);
        Assert.Equal([1 + 1, 2 - 8, 2 - 8, 4 + 64], layer.OutputGradients());
    }

    [Fact]
    public void Passes_add_up_whatever_the_number_of_threads()
    {
        OnnxGraph graph = Layer("Conv", [3, 9, 9], [Outputs, 3, 3, 3], [new("pads", [1L, 1, 1, 1])]);
        Run one = new(graph, batch: 20, samples: 20);
        Run twice = new(graph, batch: 20, samples: 20, passes: 2, threads: 3);

        (LayerMoments first, LayerMoments second) = (one.Moments.Layers.Single(), twice.Moments.Layers.Single());
        Assert.Equal(2 * first.Places, second.Places);
        Assert.Equal(first.Inputs()[0], second.Inputs()[0]);
        Assert.Equal(first.OutputGradients().Select(sum => 2 * sum), second.OutputGradients());
    }

    private static OnnxGraph Layer(string operatorType, long[] sample, long[] weight, OnnxAttribute[] attributes)
    {
        Seeded random = new(7);
        OnnxGraphBuilder builder = new("layer");
        string x = builder.AddInput("x", ElementType.Float32, [new OnnxDimension("N"), .. sample.Select(size => new OnnxDimension(size))]);
        TensorShape shape = new(weight);
        string w = builder.AddInitializer(new Tensor("w", shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => random.NextGaussian())]));
        builder.AddNode(operatorType, [x, w], attributes, "y");
        builder.AddOutput("y", ElementType.Float32, [new OnnxDimension("N"), new OnnxDimension(Outputs), .. sample.Skip(1).Select((_, i) => new OnnxDimension($"d{i}"))]);
        return builder.Build();
    }

    // Sums of the products of any two elements, over a count.
    private static void AssertProducts(IEnumerable<double[]> vectors, double[] actual, double count)
    {
        double[] expected = new double[actual.Length];
        int side = (int)Math.Sqrt(actual.Length);
        foreach (double[] vector in vectors)
        {
            Assert.Equal(side, vector.Length);
            for (int i = 0; i < side; i++)
            {
                for (int j = 0; j < side; j++) expected[(i * side) + j] += vector[i] * vector[j] / count;
            }
        }

        double tolerance = 1e-5 * expected.Max();
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], tolerance);
    }

    // One layer, run forward and backward on random samples; those behind the last that counts have no gradient.
    private sealed class Run
    {
        private readonly float[] _inputs;
        private readonly float[] _gradients;
        private readonly int _batch;
        private readonly int _samples;

        public Run(OnnxGraph network, int batch, int samples, int passes = 1, int threads = 2)
        {
            (_batch, _samples) = (batch, samples);
            using KernelThreads kernels = new(threads);
            ExecutableGraph graph = ExecutableGraph.Create(network);
            TrainingPlan plan = graph.PlanGradients(graph.ShapesForBatch(batch), kernels);
            Seeded random = new(5);
            _inputs = [.. Enumerable.Range(0, plan.Input(0).Length).Select(_ => random.NextGaussian())];
            OutputLength = plan.Output(0).Length / batch;
            _gradients = [.. Enumerable.Range(0, plan.Output(0).Length).Select(i => i < samples * OutputLength ? random.NextGaussian() : 0)];
            Moments = plan.NewRowMoments();
            for (int pass = 0; pass < passes; pass++)
            {
                _inputs.CopyTo(plan.Input(0));
                plan.Forward(0);
                Moments.AddInputs(samples);
                _gradients.CopyTo(plan.OutputGradient(0));
                plan.Backward(Moments);
            }
        }

        public RowMoments Moments { get; }

        public int OutputLength { get; }

        public IEnumerable<float[]> Samples() => _inputs.Chunk(_inputs.Length / _batch).Take(_samples);

        public void AssertOutputGradients(LayerMoments layer, int places) => AssertProducts(
            from sample in _gradients.Chunk(OutputLength)
            from place in Enumerable.Range(0, places)
            select (double[])[.. Enumerable.Range(0, layer.Rows).Select(row => (double)sample[(row * places) + place])],
            layer.OutputGradients(),
            count: 1);
    }
}
