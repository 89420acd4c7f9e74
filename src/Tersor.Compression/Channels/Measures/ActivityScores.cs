using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>Scores by how often outputs are not zero.</summary>
internal static class ActivityScores
{
    private const int Batch = 32;

    private static readonly HashSet<string> Activations = new(StringComparer.Ordinal)
    {
        "Relu", "LeakyRelu", "PRelu", "Clip", "Elu", "Gelu", "HardSigmoid", "HardSwish", "Sigmoid", "Tanh",
    };

    public static ChannelScores Of(ChannelGroups groups, SampleSet samples, Preprocessing preprocessing, KernelThreads threads, CancellationToken cancellationToken)
    {
        if (samples.Count == 0) throw new DataMismatchException($"{samples.Name} has no samples.");
        (string Value, ChannelLabels Labels)[] measured = MeasuredValues(groups);
        double[] active = new double[groups.Units.Count];
        double[] seen = new double[groups.Units.Count];
        if (measured.Length > 0)
        {
            ExecutableGraph graph = ExecutableGraph.Create(groups.Graph.WithOutputs([.. measured.Select(value => new OnnxGraphValue(value.Value, ElementType.Float32, null))]));
            int batch = InputBatch.SizeFor(graph, Math.Min(Batch, samples.Count));
            InferencePlan plan = graph.PlanInference(InputBatch.ShapesFor(graph, preprocessing.InputShape(samples.SampleShape), batch), threads);
            float[] pixels = new float[samples.SampleShape.ElementCount];
            for (int start = 0; start < samples.Count; start += batch)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int count = Math.Min(batch, samples.Count - start);
                InputBatch.Fill(samples, start, count, preprocessing, pixels, plan.Input(0));
                plan.Run();
                for (int i = 0; i < measured.Length; i++)
                    Count(groups, measured[i].Labels, plan.OutputShape(i), plan.Output(i)[..(int)(plan.OutputShape(i).ElementCount / batch * count)], active, seen);
            }
        }

        string[] warnings = [.. groups.Sets.Where(set => seen[set.Units[0].Number] == 0).Select(set => $"{set} is read by no layer; it is kept whole")];
        return new ChannelScores(groups, [.. active.Select((count, unit) => seen[unit] > 0 ? count / seen[unit] : double.PositiveInfinity)], warnings);
    }

    // Behind activations; for units without one, what products read.
    private static (string Value, ChannelLabels Labels)[] MeasuredValues(ChannelGroups groups)
    {
        HashSet<string> activations = [.. groups.Graph.Nodes.Where(node => Activations.Contains(node.OperatorType)).Select(node => node.Outputs[0])];
        (string Value, ChannelLabels Labels)[] activated = [.. groups.Walk.Values.Where(value => activations.Contains(value.Value) && UnitsOf(groups, value.Labels).Any())];
        HashSet<ChannelUnit> covered = [.. activated.SelectMany(value => UnitsOf(groups, value.Labels))];
        return
        [
            .. activated,
            .. groups.Walk.Values.Where(value => !activations.Contains(value.Value) && groups.Walk.Read.Contains(value.Value) && UnitsOf(groups, value.Labels).Any(unit => !covered.Contains(unit))),
        ];
    }

    private static IEnumerable<ChannelUnit> UnitsOf(ChannelGroups groups, ChannelLabels labels) => labels.Ids.Select(groups.UnitOf).OfType<ChannelUnit>();

    private static void Count(ChannelGroups groups, ChannelLabels labels, TensorShape shape, ReadOnlySpan<float> values, double[] active, double[] seen)
    {
        int inner = (int)new TensorShape(shape.Dimensions[(labels.Axis + 1)..]).ElementCount;
        int channel = 0;
        for (int start = 0; start < values.Length; start += inner)
        {
            if (groups.UnitOf(labels.Ids[channel]) is { } unit)
            {
                ReadOnlySpan<float> places = values.Slice(start, inner);
                active[unit.Number] += inner - places.Count(0f);
                seen[unit.Number] += inner;
            }

            if (++channel == labels.Ids.Length) channel = 0;
        }
    }
}
