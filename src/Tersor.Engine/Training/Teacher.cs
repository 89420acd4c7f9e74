using System.Globalization;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;

namespace Tersor.Engine.Training;

/// <summary>A network whose answers another one learns beside the labels, by <see cref="DistillationLoss"/>. It sees the same samples, changed in the same way, as inference would: running statistics, nothing dropped.</summary>
public sealed class Teacher
{
    /// <summary>Softens enough for networks of ten to a hundred classes.</summary>
    public const double UsualTemperature = 4;

    /// <summary>The teacher's share of the loss that works best where labels are right.</summary>
    public const double UsualSoft = 0.9;

    /// <summary>Takes the network.</summary>
    /// <param name="graph">With one binary32 input and logits or probabilities of classes as its first output; not the graph that is trained, and left as it is.</param>
    /// <param name="temperature">Softens the logits of both; above 0.</param>
    /// <param name="soft">The share of its softened answers in the loss, 0 to 1; labels have the rest.</param>
    /// <param name="givesLabels">Whether the labels are the classes that it finds likeliest, not those of the data.</param>
    public Teacher(ExecutableGraph graph, double temperature = UsualTemperature, double soft = UsualSoft, bool givesLabels = false)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (!double.IsFinite(temperature) || temperature <= 0) throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "A temperature is above 0.");
        if (soft is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(soft), soft, "0 to 1 is possible.");
        (Graph, Temperature, Soft, GivesLabels) = (graph, temperature, soft, givesLabels);
    }

    /// <summary>The network.</summary>
    public ExecutableGraph Graph { get; }

    /// <summary>Softens the logits of both.</summary>
    public double Temperature { get; }

    /// <summary>The share of its softened answers in the loss.</summary>
    public double Soft { get; }

    /// <summary>Whether the labels are the classes that it finds likeliest, not those of the data.</summary>
    public bool GivesLabels { get; }

    /// <summary>Tells teachers apart: a digest of network and weights, and how their answers count.</summary>
    public string Identity => string.Create(CultureInfo.InvariantCulture, $"{Graph.ToOnnx().Digest()} at temperature {Temperature:R}, soft {Soft:R}{(GivesLabels ? ", its labels" : "")}");

    /// <summary>Makes sure that the teacher can teach a network, before anything runs.</summary>
    /// <param name="student">The network.</param>
    /// <param name="train">What it is trained on.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="batch">Samples of one step.</param>
    /// <param name="threads">Where kernels run.</param>
    /// <exception cref="DataMismatchException">Inputs or outputs differ, or there are no classes to answer for; the message shows both sides.</exception>
    public void CheckFit(ExecutableGraph student, SampleSet train, Preprocessing preprocessing, int batch, KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(preprocessing);
        if (ReferenceEquals(student, Graph)) throw new ArgumentException("A network that is trained cannot be its own teacher; make another graph of it.", nameof(student));
        if (!train.HasLabels) throw new DataMismatchException($"A teacher answers for classes, {train.Name} has targets. Train without one.");
        int taken = InputBatch.SizeFor(Graph, batch);
        if (taken != batch) throw new DataMismatchException($"The teacher {Graph.Source} fixes a batch of {taken}, the training has batches of {batch}.");
        CheckPreprocessing(preprocessing);
        TensorShape sample = preprocessing.InputShape(train.SampleShape);
        (long own, long expected) = (OutputsOf(Graph, sample, threads), OutputsOf(student, sample, threads));
        if (own != expected) throw new DataMismatchException($"The teacher {Graph.Source} has {own} outputs, {student.Source} has {expected}.");
    }

    // A teacher that sees other numbers than it was made for answers, but wrongly.
    private void CheckPreprocessing(Preprocessing preprocessing)
    {
        Preprocessing? own;
        try
        {
            own = Preprocessing.FromMetadata(Graph.Metadata);
        }
        catch (FormatException problem)
        {
            throw new DataMismatchException($"The teacher {Graph.Source} does not say how it takes samples: {problem.Message}");
        }

        if (own is null) return;
        string[] differences = [.. own.ToMetadata().Zip(preprocessing.ToMetadata()).Where(pair => pair.First.Value != pair.Second.Value).Select(pair => $"{pair.First.Key} {pair.First.Value}, not {pair.Second.Value}")];
        if (differences.Length > 0) throw new DataMismatchException($"The teacher {Graph.Source} takes samples with {string.Join("; ", differences)}.");
    }

    private static long OutputsOf(ExecutableGraph graph, TensorShape sample, KernelThreads threads)
    {
        int batch = InputBatch.SizeFor(graph, 1);
        InferencePlan plan = graph.PlanInference(InputBatch.ShapesFor(graph, sample, batch), threads);
        if (graph.Outputs.Count == 0 || plan.OutputType(0) != ElementType.Float32) throw new DataMismatchException($"{graph.Source} has no float32 output to learn from.");
        return plan.OutputShape(0).ElementCount / batch;
    }
}
