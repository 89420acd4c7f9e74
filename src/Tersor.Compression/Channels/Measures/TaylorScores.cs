using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Training;

namespace Tersor.Compression.Channels;

/// <summary>Scores by gradient times weight.</summary>
internal static class TaylorScores
{
    public static ChannelScores Of(ChannelGroups groups, SampleSet samples, Preprocessing preprocessing, KernelThreads threads, int wantedBatch, CancellationToken cancellationToken)
    {
        ExecutableGraph graph = ExecutableGraph.Create(groups.Graph);
        int batch = InputBatch.SizeFor(graph, Math.Min(wantedBatch, Math.Max(1, samples.Count)));
        if (samples.Count < batch) throw new DataMismatchException($"{graph.Source} takes {batch} samples at once, {samples.Name} has {samples.Count}.");
        Loss loss = (samples.HasLabels ? (Loss)new CrossEntropyLoss() : new MeanSquaredErrorLoss()).ForAnswersOf(graph);
        TrainingPlan plan = graph.PlanGradients(InputBatch.ShapesFor(graph, preprocessing.InputShape(samples.SampleShape), batch), threads);
        CheckOutputs(graph, samples, plan.OutputShape(0).ElementCount / batch);

        (WeightBlock Block, GraphParameter Parameter)[][] blocks =
        [
            .. groups.Units.Select(unit => unit.Blocks(groups.ShapeOf, ReadersOf(unit))
                .Select(block => (block, graph.FindParameter(block.Parameter)!)).Where(pair => pair.Item2 is { IsTrainable: true }).ToArray()),
        ];
        double[] scores = new double[groups.Units.Count];
        float[] pixels = new float[samples.SampleShape.ElementCount];
        int[] labels = new int[samples.HasLabels ? batch : 0];
        float[] targets = new float[samples.HasLabels ? 0 : batch * samples.TargetShape.ElementCount];
        int batches = samples.Count / batch;
        for (int start = 0; start < batches * batch; start += batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            InputBatch.Fill(samples, start, batch, preprocessing, pixels, plan.Input(0));
            for (int i = 0; i < labels.Length; i++) labels[i] = samples.Label(start + i);
            for (int i = 0; targets.Length > 0 && i < batch; i++) samples.Target(start + i).CopyTo(targets.AsSpan(i * (targets.Length / batch)));
            plan.Forward(seed: 0);
            loss.Compute(plan.Output(0), batch, samples.HasLabels ? new LossTargets(labels) : new LossTargets(targets), plan.OutputGradient(0));
            plan.Backward();
            for (int u = 0; u < blocks.Length; u++)
            {
                double sum = 0;
                foreach ((WeightBlock block, GraphParameter parameter) in blocks[u]) sum += block.Dot(parameter.ForwardGradient, parameter.Values);
                scores[u] += sum * sum / batches;
            }
        }

        return new ChannelScores(groups, scores);
    }

    // Removing a unit sets the weights that read it to zero; those that make it would tell the same again, and less exactly where a normalization stands between.
    private static Func<ChannelRecord, bool>? ReadersOf(ChannelUnit unit) => unit.Records.Any(record => record.Role == ChannelRole.Input) ? record => record.Role == ChannelRole.Input : null;

    private static void CheckOutputs(ExecutableGraph graph, SampleSet samples, long outputs)
    {
        if (samples.HasLabels && samples.ClassCount > outputs)
            throw new DataMismatchException($"{samples.Name} has {samples.ClassCount} classes, {graph.Source} has {outputs} outputs.");
        if (!samples.HasLabels && samples.TargetShape.ElementCount != outputs)
            throw new DataMismatchException($"{samples.Name} has targets of {samples.TargetShape}, {graph.Source} has {outputs} outputs.");
    }
}
