using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Compression;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor train NETWORK --data SPEC -o OUT.onnx</c>: trains a network from scratch, or a model further, and writes it as ONNX.</summary>
internal sealed class TrainCommand : Verb
{
    private readonly Argument<string> _network = new("NETWORK")
    {
        Description = $"What is trained from scratch ({string.Join(", ", NetworkArchitectures.Names)}), or a model file with a graph that is trained further.",
    };

    private readonly DataOptions _data = new("Decides random weights, held-out samples, generated ones, order and augmentation; 0 if not given.");
    private readonly OutputOptions _output = new("The ONNX file to write.", required: true);
    private readonly TrainingRecipeOptions _recipe = new();
    private readonly PreprocessingOptions _preprocessing = new();
    private readonly Option<string?> _checkpoint = new("--checkpoint")
    {
        Description = "Keep the state in this file after each epoch; the same command later goes on from there, to the same bytes.",
        HelpName = "FILE",
    };

    private readonly EngineOptions _engine = new();

    public TrainCommand()
        : base("train", "Train a network on data and write it as ONNX, with its preprocessing and its accuracy on the test set.")
    {
        Add(_network);
        _data.AddTo(this);
        _output.AddTo(this);
        _recipe.AddTo(this);
        Add(_checkpoint);
        _preprocessing.AddTo(this);
        _engine.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        MemoryBudget memory = _engine.LimitMemory(invocation);
        string path = invocation.Value(_output.Path)!;
        CheckOutput(invocation, path);
        DataSource source = _data.Resolve(invocation);
        using KernelThreads threads = new(_engine.Threads(invocation));
        string network = invocation.Value(_network);
        bool isFromScratch = NetworkArchitectures.Names.Contains(network, StringComparer.Ordinal);
        string? taughtBy = _recipe.Teacher(invocation);
        IReadOnlyList<ExecutableModel> models = OpenModels(invocation, isFromScratch ? null : network, taughtBy, memory, threads.Count);
        using ExecutableModel? model = isFromScratch ? null : models[0];
        using ExecutableModel? teacher = taughtBy is null ? null : models[^1];
        foreach (ExecutableModel read in models) read.CheckApart(path, invocation.Value(_checkpoint));

        (SampleSet train, SampleSet validation, SampleSet? test) = Load(invocation, source, memory);
        ExecutableGraph graph = model?.Graph ?? ExecutableGraph.Create(NetworkArchitectures.Create(network, source.Seed, ClassesOf(train, test)));
        Preprocessing preprocessing = _preprocessing.Resolve(invocation, graph.Metadata, network, train);
        TrainingRecipe recipe = _recipe.Resolve(invocation, isFromScratch ? NetworkRecipes.For(network) : TrainingRecipe.FineTuning, train, validation);
        TrainingOptions options = recipe.ToOptions(source.Seed, train.HasLabels, invocation.Value(_checkpoint), teacher?.Graph);
        Trainer trainer = new(graph, train, validation, preprocessing, options, threads, memory.Left);
        recipe = recipe with { Batch = trainer.Batch };
        Describe(invocation, network, source, recipe, preprocessing, trainer, train, validation);
        if (invocation.Value(_output.DryRun))
        {
            invocation.Report["dryRun"] = true;
            invocation.Print(writer => writer.WriteLine(
                $"would write {VisibleText.Escape(path)}: {TrainingRecipeText.Line(recipe)}; {ByteSize.Human(trainer.MemoryBytes)} of memory beside weights and data"));
            return;
        }

        // Whether the output can be written shows before the work, not after it.
        using (PendingFile written = new(path, invocation.Value(_output.Force))) written.Close();
        IReadOnlyList<EpochReport> curve = Train(invocation, trainer, recipe, train);
        graph.ToOnnx().WithMetadata(preprocessing.ToMetadata()).Save(path, invocation.Value(_output.Force));
        ModelOutput.Report(invocation, path);
        Evaluation? tested = test is null ? null : Evaluate(invocation, path, test, preprocessing, threads);
        Report(invocation, path, graph, curve, tested);
    }

    private void CheckOutput(Invocation invocation, string path)
    {
        if (ModelOutput.FormatOf(path) is not OnnxFormat)
            throw CommandException.Usage($"{path}: a trained network is written as ONNX", "Name an output that ends in .onnx; tersor convert makes other formats.");
        _output.Check(invocation, path);
        if (invocation.Value(_checkpoint) is { } checkpoint && PendingFile.TargetOf(checkpoint) == PendingFile.TargetOf(path))
            throw CommandException.Usage($"--checkpoint and -o both name {path}", "Name another file.");
    }

    // The test set is read before the training: what is missing is missed early.
    private static (SampleSet Train, SampleSet Validation, SampleSet? Test) Load(Invocation invocation, DataSource source, MemoryBudget memory)
    {
        invocation.Progress.Report("load", source.Specification, 0, 0, Numbers.Count);
        SampleSet? test = source.HasTestSet ? source.Load(DataSplit.Test) : null;
        (SampleSet train, SampleSet validation) = source.LoadTraining();
        memory.Take(train.MemoryBytes + (test?.MemoryBytes ?? 0), $"the samples of {source.Specification}");
        return (train, validation, test);
    }

    private IReadOnlyList<ExecutableModel> OpenModels(Invocation invocation, string? network, string? teacher, MemoryBudget memory, int threads)
    {
        if (network is not null && !File.Exists(network) && !Directory.Exists(network) && network != "-")
        {
            throw new CommandException(
                ExitCode.Usage, "input-missing", $"{network}: neither a file nor a network that can be trained from scratch",
                ClosestNames.Hint(network, NetworkArchitectures.Names) ?? $"The networks are {string.Join(", ", NetworkArchitectures.Names)}.");
        }

        string[] paths = [.. new[] { network, teacher }.OfType<string>()];
        return paths.Length == 0 ? [] : _engine.Open(invocation, paths, memory, threads);
    }

    private static int ClassesOf(SampleSet train, SampleSet? test) =>
        train.HasLabels ? Math.Max(train.ClassCount, test?.ClassCount ?? 1) : checked((int)train.TargetShape.ElementCount);

    private static void Describe(
        Invocation invocation, string network, DataSource source, TrainingRecipe recipe, Preprocessing preprocessing, Trainer trainer, SampleSet train, SampleSet validation)
    {
        long parameters = trainer.Tensors.Sum(tensor => tensor.Shape.ElementCount);
        invocation.Report["network"] = network;
        invocation.Report["data"] = source.Specification;
        invocation.Report["seed"] = source.Seed;
        invocation.Report["settings"] = TrainingRecipeText.Fields(recipe);
        invocation.Report["preprocessing"] = PreprocessingText.Fields(preprocessing);
        invocation.Report.Totals["parameters"] = parameters;
        invocation.Report.Totals["memoryBytes"] = trainer.MemoryBytes;
        invocation.Report.Totals["trainSamples"] = train.Count;
        invocation.Report.Totals["validationSamples"] = validation.Count;
        invocation.Note($"{network}, {Numbers.Count(parameters)} parameters; {Numbers.Count(train.Count)} samples to train on, {Numbers.Count(validation.Count)} held out for validation");
        invocation.Note(TrainingRecipeText.Line(recipe));
    }

    private IReadOnlyList<EpochReport> Train(Invocation invocation, Trainer trainer, TrainingRecipe recipe, SampleSet train)
    {
        string? checkpoint = invocation.Value(_checkpoint);
        TrainingDisplay display = new(invocation, recipe.Epochs, trainer.Batch, train.Count / trainer.Batch * trainer.Batch);
        try
        {
            return trainer.Run(display, display, invocation.Cancellation);
        }
        catch (OperationCanceledException) when (checkpoint is not null && trainer.Curve.Count > 0)
        {
            throw new CommandException(
                ExitCode.Cancelled, "cancelled", "stopped before the end",
                $"{checkpoint} keeps the state after epoch {Numbers.Integer(trainer.Curve.Count)}; the same command goes on from there.");
        }
        catch (TrainingDivergedException diverged)
        {
            string kept = checkpoint is not null && trainer.Curve.Count > 0
                ? $"{checkpoint} keeps the state after epoch {Numbers.Integer(trainer.Curve.Count)}."
                : "Nothing was written.";
            throw new CommandException(ExitCode.GoalNotMet, "diverged", diverged.Message.TrimEnd('.'), kept);
        }
        finally
        {
            invocation.Report["epochs"] = new JsonArray([.. trainer.Curve.Select(TrainingDisplay.Fields)]);
        }
    }

    // The file itself is judged, not what is in memory.
    private static Evaluation Evaluate(Invocation invocation, string path, SampleSet test, Preprocessing preprocessing, KernelThreads threads)
    {
        using Model written = ModelFormats.Open(path);
        return new Evaluator(ExecutableGraph.Create(OnnxGraph.FromModel(written)), test.SampleShape, preprocessing, threads)
            .Run(test, new CountProgress(invocation.Progress, "evaluate", path, test.Count), invocation.Cancellation);
    }

    private static void Report(Invocation invocation, string path, ExecutableGraph graph, IReadOnlyList<EpochReport> curve, Evaluation? tested)
    {
        foreach (GraphParameter parameter in graph.Parameters)
            invocation.Report.Tensors.Add((JsonNode)TensorFields.Describe(new Tensor(parameter.Name, parameter.Shape, parameter.Values)));
        invocation.Report.Totals["epochs"] = curve.Count;
        invocation.Report.Totals["seconds"] = Math.Round(curve.Sum(epoch => epoch.Seconds), 3);
        if (tested is not null) invocation.Report["test"] = EvaluationText.Fields(tested);
        if (invocation.Quiet) return;
        invocation.Print(writer => TrainingText.Write(writer, curve));
        invocation.Print(TrainingText.Table(curve, tested));
        long bytes = new FileInfo(path).Length;
        invocation.Print(writer => writer.WriteLine($"{VisibleText.Escape(path)}: {ByteSize.Full(bytes)}"));
    }
}
