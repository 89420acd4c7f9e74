using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Engine.Operators;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Graphs;

/// <summary>
/// Second moments around the weights of a network: for every convolution and every product with a weight, the products of the inputs of any two weights of a row,
/// and of the gradients of any two rows' outputs. Made by <see cref="TrainingPlan.NewRowMoments"/>; memory does not grow with the number of samples.
/// </summary>
public sealed class RowMoments
{
    /// <summary>Of weights with more rows, or longer ones, no moments are summed: memory grows with the square of both.</summary>
    public const int LargestSide = Quantization.RowCurvature.LargestSide;

    // Places that are multiplied at a time: enough to keep the product busy, few enough for the cache.
    private const int MostPlaces = 1024;

    private readonly KernelThreads _threads;
    private readonly List<Source> _sources = [];
    private readonly Dictionary<PlanStep, Source> _sourcesByStep = [];
    private readonly Dictionary<string, LayerMoments> _layers = new(StringComparer.Ordinal);
    private readonly float[] _inputs;
    private readonly float[] _products;

    internal RowMoments(IEnumerable<PlanStep> steps, KernelThreads threads)
    {
        _threads = threads;
        (long inputs, long products) = (0, 0);
        foreach (PlanStep step in steps)
        {
            if (step.Operator is not IRowOperator { RowGroups: > 0 } rows || step.Context.InputSlots[1]?.Parameter is not { } parameter) continue;
            long count = rows.HasColumns ? parameter.Shape[1] : parameter.Shape[0];
            if (rows.RowLength > LargestSide || count > LargestSide) continue;
            if (!_layers.TryGetValue(parameter.Name, out LayerMoments? layer))
                _layers.Add(parameter.Name, layer = new LayerMoments(parameter.Name, (int)count, rows.RowLength, rows.RowGroups, rows.HasColumns));

            // Nodes that share a weight but not its groups see inputs that cannot be added up: the first counts.
            if (layer.Sums.Length != rows.RowGroups || layer.HasColumns != rows.HasColumns) continue;
            Source source = new(rows, step.Context, layer);
            _sources.Add(source);
            _sourcesByStep.Add(step, source);
            inputs = Math.Max(inputs, (long)rows.RowLength * Math.Max(MostPlaces, rows.PlacesPerSample));
            products = Math.Max(products, Math.Max((long)rows.RowLength * rows.RowLength, (long)layer.Rows * layer.Rows));
        }

        _inputs = new float[inputs];
        _products = new float[products];
    }

    /// <summary>About how many bytes the moments of a graph's weights take, with one copy of those of the largest weight.</summary>
    public static long EstimateMemory(ExecutableGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Dictionary<string, long> moments = new(StringComparer.Ordinal);
        foreach (OnnxNode node in graph.Nodes.Where(node => node.OperatorType is "Conv" or "Gemm" && node.Inputs.Count > 1))
        {
            if (graph.FindParameter(node.Inputs[1]) is not { Shape.Rank: >= 2 } weight || weight.Shape[0] == 0) continue;
            (long rows, long columns) = (weight.Shape[0], weight.Shape.ElementCount / weight.Shape[0]);
            if (rows > LargestSide || columns > LargestSide) continue;
            long groups = node.Find("group") is { Type: OnnxAttributeType.Int, Int: > 0 } group ? group.Int : 1;
            moments.TryAdd(weight.Name, ((groups * columns * columns) + (rows * rows)) * sizeof(double));
        }

        return moments.Values.Sum() + moments.Values.DefaultIfEmpty().Max();
    }

    /// <summary>The layers, in the order of computation. Of weights that several nodes share there is one.</summary>
    public IReadOnlyCollection<LayerMoments> Layers => _layers.Values;

    /// <summary>Adds the inputs that the last forward pass computed with.</summary>
    /// <param name="samples">How many samples of the batch count.</param>
    public void AddInputs(int samples)
    {
        foreach (Source source in _sources)
        {
            int places = source.Rows.PlacesPerSample;
            int atATime = Math.Clamp(MostPlaces / places, 1, samples);
            for (int group = 0; group < source.Rows.RowGroups; group++)
            {
                for (int start = 0; start < samples; start += atATime) Add(source, group, start, Math.Min(atATime, samples - start));
            }

            source.Layer.Places += (long)places * samples;
        }
    }

    /// <summary>Adds the gradients of a step's outputs, which are there only just before its backward pass.</summary>
    internal void AddOutputGradient(PlanStep step)
    {
        if (!_sourcesByStep.TryGetValue(step, out Source? source)) return;
        int rows = source.Layer.Rows;
        int places = source.Rows.HasColumns ? 1 : source.Rows.PlacesPerSample;
        ReadOnlySpan<float> gradient = source.Context.OutputGradient(0);
        int samples = gradient.Length / (rows * places);
        Span<float> products = _products.AsSpan(0, rows * rows);
        if (places == 1)
        {
            MatrixProduct.Multiply(rows, rows, samples, gradient, rows, true, gradient, rows, false, products, rows, 1, 0, _threads);
        }
        else
        {
            for (int i = 0; i < samples; i++)
            {
                ReadOnlySpan<float> sample = gradient.Slice(i * rows * places, rows * places);
                MatrixProduct.Multiply(rows, rows, places, sample, places, false, sample, places, true, products, rows, 1, i == 0 ? 0 : 1, _threads);
            }
        }

        double[] sums = source.Layer.GradientSums;
        for (int i = 0; i < products.Length; i++) sums[i] += products[i];
    }

    private void Add(Source source, int group, int start, int count)
    {
        int length = source.Rows.RowLength;
        int places = source.Rows.PlacesPerSample;
        int stride = places * count;
        for (int i = 0; i < count; i++) source.Rows.WriteInputs(source.Context, start + i, group, _inputs.AsSpan(i * places), stride);
        Span<float> inputs = _inputs.AsSpan(0, length * stride);
        Span<float> products = _products.AsSpan(0, length * length);
        MatrixProduct.Multiply(length, length, stride, inputs, stride, false, inputs, stride, true, products, length, 1, 0, _threads);
        Span<double> sums = source.Layer.Sums[group];
        for (int i = 0; i < products.Length; i++) sums[i] += products[i];
    }

    private sealed record Source(IRowOperator Rows, OperatorContext Context, LayerMoments Layer);
}

/// <summary>Second moments of the inputs of one weight.</summary>
public sealed class LayerMoments
{
    internal LayerMoments(string weight, int rows, int columns, int groups, bool hasColumns)
    {
        (Weight, Rows, Columns, HasColumns) = (weight, rows, columns, hasColumns);
        double[][] sums = new double[groups][];
        for (int group = 0; group < groups; group++) sums[group] = new double[(long)columns * columns];
        Sums = sums;
        GradientSums = new double[(long)rows * rows];
    }

    /// <summary>Name of the weight.</summary>
    public string Weight { get; }

    /// <summary>Rows of the weight: its outputs.</summary>
    public int Rows { get; }

    /// <summary>Weights of a row: what an output is made of.</summary>
    public int Columns { get; }

    /// <summary>Whether the rows are stored as columns: the weight is <see cref="Columns"/> x <see cref="Rows"/>.</summary>
    public bool HasColumns { get; }

    /// <summary>Places that were added: outputs of a row.</summary>
    public long Places { get; internal set; }

    /// <summary>For each group of rows, sums over all places of the products of the inputs of two weights, <see cref="Columns"/> x <see cref="Columns"/>, row-major.</summary>
    internal double[][] Sums { get; }

    /// <summary>Sums over all places of the products of the gradients of two rows' outputs, <see cref="Rows"/> x <see cref="Rows"/>.</summary>
    internal double[] GradientSums { get; }

    /// <summary>Products of the gradients of two rows' outputs, summed over places and samples, row-major: a copy.</summary>
    public double[] OutputGradients() => [.. GradientSums];

    /// <summary>Mean products of inputs for each group of rows, row-major: a copy.</summary>
    public IReadOnlyList<double[]> Inputs()
    {
        double[][] means = new double[Sums.Length][];
        for (int group = 0; group < means.Length; group++)
        {
            means[group] = new double[Sums[group].Length];
            TensorPrimitives.Divide(Sums[group], (double)Math.Max(1, Places), means[group]);
        }

        return means;
    }
}
