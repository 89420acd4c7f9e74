using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Data;

/// <summary>Runs a graph on arrays: all samples at once, or batch after batch where the model fixes a batch or the caller wants one.</summary>
public sealed class BatchedInference
{
    private readonly ExecutableGraph _graph;
    private readonly DenseTensor[] _inputs;
    private readonly InferencePlan _plan;
    private readonly int _samples;
    private readonly int _batch;
    private readonly bool _isWhole;

    /// <summary>Checks the arrays and plans the runs.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="inputs">An array for every input, by name; others are not looked at.</param>
    /// <param name="threads">Where the kernels run.</param>
    /// <param name="batch">Samples per run, where the model leaves that open; null for all at once.</param>
    /// <param name="maxBytes">What intermediate results may take.</param>
    /// <exception cref="DataMismatchException">Arrays are missing, or of another type or shape than the model takes; every one is named with both.</exception>
    /// <exception cref="ResourceLimitException">A run would take more memory than there is or than is allowed.</exception>
    public BatchedInference(
        ExecutableGraph graph, IReadOnlyDictionary<string, DenseTensor> inputs, KernelThreads threads, int? batch = null, long maxBytes = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(inputs);
        if (batch is int wanted) ArgumentOutOfRangeException.ThrowIfLessThan(wanted, 1, nameof(batch));
        _graph = graph;
        CheckInputs(graph, inputs);
        _inputs = [.. graph.Inputs.Select(input => inputs[input.Name])];
        long? declared = graph.Inputs.Select(FirstDimension).FirstOrDefault(size => size is not null);
        bool fits = graph.Inputs.Zip(_inputs).All(pair => FirstDimension(pair.First) is not { } size || size == pair.Second.Shape[0]);
        _isWhole = fits && (batch is null || declared is not null);
        if (!_isWhole) _samples = CountSamples(graph, _inputs);
        _batch = _isWhole ? 0 : (int)(declared ?? Math.Min(batch!.Value, _samples));
        Dictionary<string, TensorShape> shapes = new(StringComparer.Ordinal);
        for (int i = 0; i < _inputs.Length; i++) shapes.Add(graph.Inputs[i].Name, _isWhole ? _inputs[i].Shape : WithFirst(_inputs[i].Shape, _batch));
        _plan = graph.PlanInference(shapes, threads, maxBytes);
        for (int i = 0; !_isWhole && i < graph.Outputs.Count; i++)
        {
            if (_plan.OutputShape(i) is not { Rank: > 0 } shape || shape[0] != _batch)
                throw new DataMismatchException($"{graph.Source}: output '{graph.Outputs[i].Name}' is {_plan.OutputShape(i)} for a batch of {_batch}, not a row per sample; run all samples at once.");
        }
    }

    /// <summary>Samples, by the first dimension of the first input; 1 where that is a scalar.</summary>
    public int Samples => _isWhole ? (_inputs is [{ Shape.Rank: > 0 } first, ..] ? (int)first.Shape[0] : 1) : _samples;

    /// <summary>Bytes of intermediate results, weights excluded.</summary>
    public long MemoryBytes => _plan.MemoryBytes;

    /// <summary>Runs all samples.</summary>
    /// <param name="progress">Receives the number of samples done after each batch.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <returns>The outputs by name, in the model's order.</returns>
    /// <exception cref="ResourceLimitException">An output has more elements than an array can hold.</exception>
    public IReadOnlyList<(string Name, DenseTensor Value)> Run(IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        DenseTensor[] outputs = new DenseTensor[_graph.Outputs.Count];
        for (int i = 0; i < outputs.Length; i++)
            outputs[i] = DenseTensor.Zeros(_plan.OutputType(i), _isWhole ? _plan.OutputShape(i) : WithFirst(_plan.OutputShape(i), _samples));
        int total = _isWhole ? 1 : _samples;
        int step = _isWhole ? 1 : _batch;
        for (int start = 0; start < total; start += step)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(step, total - start);
            for (int i = 0; i < _inputs.Length; i++) Fill(i, start, count, step);
            _plan.Run();
            for (int i = 0; i < outputs.Length; i++) Take(outputs[i], i, start, count, step);
            progress?.Report(_isWhole ? Samples : start + count);
        }

        return [.. outputs.Select((output, i) => (_graph.Outputs[i].Name, output))];
    }

    private void Fill(int index, int start, int count, int step)
    {
        DenseTensor input = _inputs[index];
        int row = (int)(_plan.InputShape(index).ElementCount / step);
        if (input.ElementType == ElementType.Float32)
        {
            Span<float> place = _plan.Input(index);
            input.Singles.AsSpan(start * row, count * row).CopyTo(place);
            place[(count * row)..].Clear();
        }
        else
        {
            Span<long> place = _plan.IntegerInput(index);
            input.Integers.AsSpan(start * row, count * row).CopyTo(place);
            place[(count * row)..].Clear();
        }
    }

    private void Take(DenseTensor output, int index, int start, int count, int step)
    {
        int row = (int)(_plan.OutputShape(index).ElementCount / step);
        if (output.ElementType == ElementType.Float32) _plan.Output(index)[..(count * row)].CopyTo(output.Singles.AsSpan(start * row));
        else _plan.IntegerOutput(index)[..(count * row)].CopyTo(output.Integers.AsSpan(start * row));
    }

    private static void CheckInputs(ExecutableGraph graph, IReadOnlyDictionary<string, DenseTensor> inputs)
    {
        List<string> problems = [];
        foreach (OnnxGraphValue input in graph.Inputs)
        {
            ElementType type = input.ElementType == ElementType.Undefined ? ElementType.Float32 : input.ElementType;
            if (!inputs.TryGetValue(input.Name, out DenseTensor? given)) problems.Add($"'{input}' is missing");
            else if (given.ElementType != type) problems.Add($"'{input}' is given as {given.ElementType.Name()}");
            else if (given.Shape.ElementCount == 0) problems.Add($"'{input}' is given as {given.Shape}, which has no elements");
            else if (!Fits(input, given.Shape)) problems.Add($"'{input}' is given as {given.Shape}");
        }

        if (problems.Count > 0) throw new DataMismatchException($"{graph.Source}: input {string.Join(", input ", problems)}.");
    }

    private static bool Fits(OnnxGraphValue input, TensorShape given)
    {
        if (input.Dimensions is not { } declared) return true;
        if (declared.Count != given.Rank || (declared.Count > 0 && declared[0].Size < 1)) return false;
        for (int i = 1; i < declared.Count; i++)
        {
            if (declared[i].Size is { } size && size != given[i]) return false;
        }

        return true;
    }

    private static int CountSamples(ExecutableGraph graph, DenseTensor[] inputs)
    {
        long[] counts = [.. inputs.Select(input => input.Shape.Rank == 0 ? -1 : input.Shape[0]).Distinct()];
        return counts is [> 0 and <= int.MaxValue and long count]
            ? (int)count
            : throw new DataMismatchException($"{graph.Source}: batches need inputs of one number of samples, these are {string.Join(", ", inputs.Select(input => input.Shape))}.");
    }

    private static long? FirstDimension(OnnxGraphValue input) => input.Dimensions is { Count: > 0 } dimensions ? dimensions[0].Size : null;

    private static TensorShape WithFirst(TensorShape shape, long first) => new([first, .. shape.Dimensions[1..]]);
}
