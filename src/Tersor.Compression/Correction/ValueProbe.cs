using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Correction;

/// <summary>Measures values inside a network, as inference computes them, on samples.</summary>
/// <param name="samples">What the network is given.</param>
/// <param name="preprocessing">How samples become inputs.</param>
/// <param name="threads">Where the kernels run; results do not depend on how many.</param>
/// <param name="cancellationToken">Looked at before each batch.</param>
internal sealed class ValueProbe(SampleSet samples, Preprocessing preprocessing, KernelThreads threads, CancellationToken cancellationToken)
{
    private const int Batch = 32;

    /// <summary>Runs the network up to some values.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="values">Names of results of nodes, and the axis of their channels counted from the end where negative.</param>
    /// <returns>The moments of each value.</returns>
    public IReadOnlyList<ChannelMoments> Measure(OnnxGraph graph, IReadOnlyList<(string Name, int Axis)> values)
    {
        ExecutableGraph inner = ExecutableGraph.Create(graph.WithOutputs([.. values.Select(value => new OnnxGraphValue(value.Name, ElementType.Float32, null))]));
        int batch = InputBatch.SizeFor(inner, Math.Min(Batch, samples.Count));
        InferencePlan plan = inner.PlanInference(InputBatch.ShapesFor(inner, preprocessing.InputShape(samples.SampleShape), batch), threads);
        Sums[] sums = [.. values.Select((value, i) => new Sums(plan.OutputShape(i), value.Axis, batch))];
        float[] pixels = new float[samples.SampleShape.ElementCount];
        for (int start = 0; start < samples.Count; start += batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(batch, samples.Count - start);
            InputBatch.Fill(samples, start, count, preprocessing, pixels, plan.Input(0));
            plan.Run();
            for (int i = 0; i < sums.Length; i++) sums[i].Add(plan.Output(i), count);
        }

        return [.. sums.Select(sum => sum.Moments())];
    }

    // Sums of a value's channels, one binary64 pair each.
    private sealed class Sums
    {
        private readonly double[] _first;
        private readonly double[] _second;
        private readonly int _sampleLength;
        private readonly int _places;
        private long _count;

        public Sums(TensorShape shape, int axis, int batch)
        {
            if (axis < 0) axis += shape.Rank;
            int channels = (int)shape[axis];
            (_first, _second) = (new double[channels], new double[channels]);
            _sampleLength = (int)(shape.ElementCount / batch);
            _places = (int)new TensorShape(shape.Dimensions[(axis + 1)..]).ElementCount;
        }

        public void Add(ReadOnlySpan<float> values, int samples)
        {
            values = values[..(samples * _sampleLength)];
            int channel = 0;
            for (int start = 0; start < values.Length; start += _places)
            {
                (double first, double second) = (0, 0);
                foreach (float value in values.Slice(start, _places))
                {
                    first += value;
                    second += (double)value * value;
                }

                _first[channel] += first;
                _second[channel] += second;
                if (++channel == _first.Length) channel = 0;
            }

            _count += values.Length / _first.Length;
        }

        public ChannelMoments Moments()
        {
            double[] means = [.. _first.Select(sum => sum / _count)];
            return new ChannelMoments(means, [.. _second.Select((sum, channel) => Math.Max(0, (sum / _count) - (means[channel] * means[channel])))]);
        }
    }
}
