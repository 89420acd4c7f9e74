using System.Numerics.Tensors;
using Tersor.Compression.Recipes;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;

namespace Tersor.Compression.Pruning;

/// <summary>Means over samples of gradients (of the loss) or of their magnitudes (of the outputs); the network computes as at inference.</summary>
internal static class GradientMeans
{
    private const int Batch = 64;

    /// <summary>The mean gradient of the loss by the labels.</summary>
    public static IReadOnlyList<float[]> OfLoss(ExecutableGraph graph, IReadOnlyList<GraphParameter> parameters, RecipeSession session, int samples)
    {
        SampleSet drawn = session.Draw(samples);
        Loss loss = (drawn.HasLabels ? new CrossEntropyLoss() : (Loss)new MeanSquaredErrorLoss()).ForAnswersOf(graph);
        int[] labels = [];
        float[] targets = [];
        return Mean(graph, parameters, session, drawn, Batch, takesMagnitudes: false, (plan, first, count) =>
        {
            int batch = (int)plan.OutputShape(0)[0];
            int width = plan.Output(0).Length / batch;
            if (drawn.HasLabels)
            {
                Array.Resize(ref labels, batch);
                for (int i = 0; i < batch; i++) labels[i] = i < count ? drawn.Label(first + i) : 0;
                loss.Compute(plan.Output(0), batch, new LossTargets(labels), plan.OutputGradient(0));
            }
            else
            {
                Array.Resize(ref targets, batch * width);
                for (int i = 0; i < count; i++) drawn.Target(first + i).CopyTo(targets.AsSpan(i * width));
                loss.Compute(plan.Output(0), batch, new LossTargets(targets), plan.OutputGradient(0));
            }

            // The loss is a mean over the batch; here each sample counts for itself.
            Span<float> gradient = plan.OutputGradient(0);
            TensorPrimitives.Multiply(gradient, batch, gradient);
            gradient[(count * width)..].Clear();
        });
    }

    /// <summary>The mean magnitude of the gradient of the squared length of the outputs, sample by sample: where a model fixes a larger batch, the others of it are left empty.</summary>
    public static IReadOnlyList<float[]> OfOutputs(ExecutableGraph graph, IReadOnlyList<GraphParameter> parameters, RecipeSession session, int samples) =>
        Mean(graph, parameters, session, session.Draw(samples), 1, takesMagnitudes: true, (plan, _, count) =>
        {
            Span<float> gradient = plan.OutputGradient(0);
            int width = gradient.Length / (int)plan.OutputShape(0)[0];
            TensorPrimitives.Multiply(plan.Output(0), 2f, gradient);
            gradient[(count * width)..].Clear();
        });

    private static List<float[]> Mean(
        ExecutableGraph graph,
        IReadOnlyList<GraphParameter> parameters,
        RecipeSession session,
        SampleSet samples,
        int batch,
        bool takesMagnitudes,
        Action<TrainingPlan, int, int> direct)
    {
        batch = InputBatch.SizeFor(graph, Math.Min(batch, samples.Count));
        TrainingPlan plan = graph.PlanGradients(InputBatch.ShapesFor(graph, session.Preprocessing.InputShape(samples.SampleShape), batch), session.Threads);
        double[][] sums = [.. parameters.Select(parameter => new double[parameter.Values.Length])];
        float[] pixels = new float[samples.SampleShape.ElementCount];
        int stride = takesMagnitudes ? 1 : batch;
        for (int first = 0; first < samples.Count; first += stride)
        {
            session.CancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(stride, samples.Count - first);
            InputBatch.Fill(samples, first, count, session.Preprocessing, pixels, plan.Input(0));
            plan.Forward(seed: 0);
            direct(plan, first, count);
            plan.Backward();
            for (int t = 0; t < sums.Length; t++)
            {
                float[] gradient = parameters[t].ForwardGradient;
                double[] sum = sums[t];
                for (int i = 0; i < sum.Length; i++) sum[i] += takesMagnitudes ? Math.Abs(gradient[i]) : gradient[i];
            }
        }

        return [.. sums.Select(sum => Array.ConvertAll(sum, value => (float)(value / samples.Count)))];
    }
}
