using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Codec;
using Tersor.Compression.Recipes;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor apply RECIPE MODEL -o OUT</c>: the transforms of a recipe, one after the other, with training in between, and the compression at the end.</summary>
internal sealed class ApplyCommand : Verb
{
    private readonly Argument<string> _recipe = new("RECIPE") { Description = "A YAML file with steps; docs/recipes.md says how to write one." };
    private readonly Argument<string> _network = new("MODEL")
    {
        Description = $"A model file with a graph, or what begins with random weights: {string.Join(", ", NetworkArchitectures.Names)}.",
    };

    private readonly DataOptions _data = new(
        "Decides held-out samples, order, augmentation and all that is left to chance; what the recipe says, or 0, if not given.", required: false,
        optional: "The samples, where the recipe names none or others are meant");

    private readonly OutputOptions _output = new("The file to write: .nnc for a recipe that ends in compress (no ending with container: smaller), .onnx for any other.", required: true);
    private readonly Option<string?> _work = new("--work")
    {
        Description = "Keep checkpoints in this folder, and go on with those that it holds; OUT.work if not given, which goes away at the end.",
        HelpName = "FOLDER",
    };

    private readonly PreprocessingOptions _preprocessing = new();
    private readonly EngineOptions _engine = new();

    public ApplyCommand()
        : base("apply", "Run a recipe: prune, train, share, quantize and compress a network in the order of a file.")
    {
        Add(_recipe);
        Add(_network);
        _data.AddTo(this);
        _output.AddTo(this);
        Add(_work);
        _preprocessing.AddTo(this);
        _engine.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        MemoryBudget memory = _engine.LimitMemory(invocation);
        Recipe recipe = ReadRecipe(invocation, invocation.Value(_recipe));
        string path = invocation.Value(_output.Path)!;
        SmallerContainer? either = WritesSmallerContainer(recipe) ? new SmallerContainer(path) : null;
        CheckOutput(invocation, recipe, path, either);
        DataSource source = _data.Resolve(invocation, recipe.Data, recipe.Seed ?? 0);
        string work = invocation.Value(_work) ?? path + ".work";
        string transformed = Path.Combine(work, "transformed.onnx");
        string[]? compress = recipe.Compress is null ? null : CompressArguments(invocation, recipe, transformed, path, source, mostDrop: null);
        if (compress is not null) invocation.CheckNested(compress);

        using KernelThreads threads = new(_engine.Threads(invocation));
        string network = invocation.Value(_network);
        bool isFromScratch = NetworkArchitectures.Names.Contains(network, StringComparer.Ordinal);
        using ExecutableModel? model = isFromScratch ? null : _engine.Open(invocation, network, memory, threads.Count);
        model?.CheckApart(either?.Files ?? [path]);
        (SampleSet train, SampleSet validation) = Load(invocation, source, memory);
        OnnxGraph graph = model is null ? NetworkArchitectures.Create(network, source.Seed, train.HasLabels ? train.ClassCount : (int)train.TargetShape.ElementCount) : NetworkState.InMemory(model.Graph.ToOnnx());
        Preprocessing preprocessing = _preprocessing.Resolve(invocation, graph.Metadata, network, train);
        RecipeDisplay display = new(invocation);
        RecipeSession session = new(train, validation, preprocessing, threads, source.Seed, work, display, memory.Left, invocation.Cancellation);
        RecipeRun.Check(recipe, graph, session);
        DescribeTeachers(invocation, recipe, network, isFromScratch, either?.Files ?? [path]);
        invocation.Report.LeaveOut(transformed);
        invocation.Report["recipe"] = recipe.Source;
        invocation.Report["data"] = source.Specification;
        invocation.Report["seed"] = source.Seed;
        if (invocation.Value(_output.DryRun))
        {
            DescribeRecipe(invocation, recipe, graph, session, either?.ToString() ?? path);
            return;
        }

        using (PendingFile written = new(either?.Nnc ?? path, invocation.Value(_output.Force))) written.Close();
        Directory.CreateDirectory(work);
        NetworkState state = Transform(invocation, recipe, graph, session, display, work);
        OnnxGraph result = state.Graph.WithMetadata(preprocessing.ToMetadata());
        invocation.Report["steps"] = display.Fields();
        if (!invocation.Quiet) invocation.Print(display.Table());
        if (compress is null)
        {
            result.Save(path, invocation.Value(_output.Force));
            ModelOutput.Report(invocation, path);
        }
        else
        {
            result.Save(transformed, overwrite: true);
            double? drop = MostDrop(recipe) is double most && model is not null ? DropLeft(most, graph, state, session, display) : null;
            invocation.RunNested(CompressArguments(invocation, recipe, transformed, path, source, drop), "compression");
            path = either?.Written ?? path;
            if (invocation.Json) invocation.Report.Outputs.Add((JsonNode)Report.DescribeFile(path, invocation.Cancellation));
        }

        Judge(invocation, model, path, transformed, source, preprocessing, threads, memory, recipe);
        if (invocation.Value(_work) is null) Directory.Delete(work, recursive: true);
    }

    private static Recipe ReadRecipe(Invocation invocation, string path)
    {
        using InputFile file = InputFile.Require(invocation, path);
        file.Describe(invocation);
        const int MostBytes = 4 << 20;
        if (new FileInfo(file.Path).Length > MostBytes) throw CommandException.Usage($"{path}: too long for a recipe", "Name a YAML file with steps.");
        return Recipe.Parse(File.ReadAllText(file.Path), path);
    }

    private static bool WritesSmallerContainer(Recipe recipe) => recipe.Compress?.Contains(KeyValuePair.Create("container", "smaller")) == true;

    private void CheckOutput(Invocation invocation, Recipe recipe, string path, SmallerContainer? either)
    {
        if (either is not null)
        {
            either.Check(invocation.Value(_output.Force));
            return;
        }

        ModelFormat? format = ModelFormats.ForPath(path);
        if (recipe.Compress is not null && format is not NncFormat)
            throw CommandException.Usage($"{path}: a recipe that ends in compress writes an NNC file", "Name an output that ends in .nnc.");
        if (recipe.Compress is null && format is not OnnxFormat)
            throw CommandException.Usage($"{path}: a recipe without compress writes ONNX", "Name an output that ends in .onnx, or end the recipe with compress.");
        _output.Check(invocation, path);
    }

    private static (SampleSet Train, SampleSet Validation) Load(Invocation invocation, DataSource source, MemoryBudget memory)
    {
        invocation.Progress.Report("load", source.Specification, 0, 0, Numbers.Count);
        (SampleSet train, SampleSet validation) = source.LoadTraining();
        memory.Take(train.MemoryBytes, $"the samples of {source.Specification}");
        return validation.Count > 0 ? (train, validation) : throw CommandException.Usage("--validation leaves nothing to judge steps by", "Hold out more.");
    }

    private static void DescribeTeachers(Invocation invocation, Recipe recipe, string network, bool isFromScratch, IEnumerable<string> outputs)
    {
        string[] teachers = [.. recipe.Steps.Select(step => step.Training?.Teacher).OfType<string>().Distinct(StringComparer.Ordinal)];
        if (isFromScratch && teachers.Contains(Recipe.OriginalTeacher, StringComparer.Ordinal))
            throw CommandException.Usage($"{recipe.Source}: the teacher '{Recipe.OriginalTeacher}' would be {network} with random weights", "Begin with a trained model, or name a model file as the teacher.");
        foreach (string teacher in teachers.Where(teacher => teacher != Recipe.OriginalTeacher))
        {
            using InputFile file = InputFile.Require(invocation, teacher);
            using Model opened = file.Open(invocation);
            InputFile.CheckApart(file.Path, opened, outputs);
        }
    }

    // The options of compress are the recipe's; what the recipe cannot know is added.
    private string[] CompressArguments(Invocation invocation, Recipe recipe, string from, string to, DataSource source, double? mostDrop)
    {
        List<string> arguments = ["compress", from, "-o", to];
        foreach ((string key, string value) in recipe.Compress!)
        {
            arguments.Add("--" + key);
            if (key == "max-drop" && mostDrop is double drop) arguments.Add(Numbers.Short(drop));
            else if (value != "true") arguments.Add(value);
        }

        string[] keys = [.. recipe.Compress!.Select(option => option.Key)];
        if (!keys.Contains("data", StringComparer.Ordinal)) arguments.AddRange(["--data", source.Specification, "--seed", Numbers.Integer((int)source.Seed)]);
        if (!keys.Contains("threads", StringComparer.Ordinal)) arguments.AddRange(["--threads", Numbers.Integer(_engine.Threads(invocation))]);
        if (invocation.Value(_output.Force)) arguments.Add("--force");
        return [.. arguments];
    }

    // The budget counts from the network that came in: what the steps lost of the held-out samples is spent.
    private static double DropLeft(double most, OnnxGraph graph, NetworkState state, RecipeSession session, RecipeDisplay display)
    {
        double after = display.Steps.Count > 0 ? display.Steps[^1].Judged.Top1 : session.Judge(state).Top1;
        return Math.Max(0, most - ((session.Judge(new NetworkState(graph)).Top1 - after) * 100));
    }

    private static double? MostDrop(Recipe recipe)
    {
        string? text = recipe.Compress?.FirstOrDefault(option => option.Key == "max-drop").Value;
        return double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out double most) ? most : null;
    }

    private static NetworkState Transform(Invocation invocation, Recipe recipe, OnnxGraph graph, RecipeSession session, RecipeDisplay display, string work)
    {
        try
        {
            return RecipeRun.Run(recipe, new NetworkState(graph), session, display);
        }
        catch (OperationCanceledException)
        {
            invocation.Note($"{work}: keeps what is finished; the same command goes on from there");
            throw;
        }
    }

    private static void DescribeRecipe(Invocation invocation, Recipe recipe, OnnxGraph graph, RecipeSession session, string path)
    {
        Dictionary<(OnnxGraph Graph, string? Teacher, int Batch), double> epochSeconds = [];
        TextTable table = new TextTable().Text("step").Text("what").Number("multiply-adds").Number("epochs").Number("about");
        JsonArray steps = [];
        List<IReadOnlyList<string>> layersOf = [];
        OnnxGraph before = graph;
        foreach (RecipeStep step in recipe.Steps)
        {
            OnnxGraph after = step.Outline(before);
            double epochs = step.EpochsFor(before, graph);
            double seconds = step.Fit is { } training ? epochs * EpochSeconds(training, before, after, epochs > training.Epochs) : 0;
            long multiplyAdds = LayerCost.MultiplyAddsOf(after);
            layersOf.Add(step.LayersOf(before));
            table.Row(Numbers.Integer(layersOf.Count), step.Describe(), Numbers.Count(multiplyAdds), Numbers.Short(epochs), Durations.Clock(seconds));
            steps.Add((JsonNode)new JsonObject
            {
                ["step"] = layersOf.Count,
                ["transform"] = step.Name,
                ["settings"] = step.Describe(),
                ["layers"] = new JsonArray([.. layersOf[^1].Select(name => JsonValue.Create(name))]),
                ["multiplyAdds"] = multiplyAdds,
                ["epochs"] = epochs,
                ["seconds"] = Math.Round(seconds, 3),
            });
            before = after;
        }

        if (recipe.Compress is not null) table.Row(Numbers.Integer(recipe.Steps.Count + 1), "compress: " + string.Join(", ", recipe.Compress.Select(option => $"{option.Key} {option.Value}")), "", "", "");
        invocation.Report["dryRun"] = true;
        invocation.Report["steps"] = steps;
        TextTable layers = new TextTable().Text("weight").Text("shape").Text("steps");
        foreach (Tensor tensor in graph.Initializers)
        {
            int[] by = [.. Enumerable.Range(0, recipe.Steps.Count).Where(i => layersOf[i].Contains(tensor.Name, StringComparer.Ordinal)).Select(i => i + 1)];
            if (by.Length > 0) layers.Row(tensor.Name, tensor.Shape.ToString(), string.Join(", ", by));
        }

        invocation.Print(table);
        invocation.Print(layers);
        invocation.Print(writer => writer.WriteLine($"would write {VisibleText.Escape(path)}"));

        // Where several trainings go with the cutting, the network is half cut on average.
        double EpochSeconds(TrainingRecipe training, OnnxGraph uncut, OnnxGraph cut, bool isRepeated) => isRepeated ? (SecondsOf(uncut, training) + SecondsOf(cut, training)) / 2 : SecondsOf(cut, training);

        double SecondsOf(OnnxGraph network, TrainingRecipe training)
        {
            (OnnxGraph, string?, int) alike = (network, training.Teacher, training.Batch);
            return epochSeconds.TryGetValue(alike, out double known) ? known : epochSeconds[alike] = session.EstimateEpoch(network, training, graph);
        }
    }

    // The original and what is decoded from the file, on data that nothing was chosen by.
    private static void Judge(
        Invocation invocation,
        ExecutableModel? model,
        string path,
        string transformed,
        DataSource source,
        Preprocessing preprocessing,
        KernelThreads threads,
        MemoryBudget memory,
        Recipe recipe)
    {
        if (!source.HasTestSet) return;
        SampleSet test = source.Load(DataSplit.Test);
        double? original = model is null ? null : Evaluate(model.Graph, test, preprocessing, threads, invocation).Top1;

        // A file without the graph is judged with the one that it was made from.
        using ExecutableModel written = new(invocation, path, transformed, memory, threads.Count, lenient: false);
        Evaluation result = Evaluate(written.Graph, test, preprocessing, threads, invocation);
        JsonObject verdict = EvaluationText.Fields(result);
        if (original is double top1) verdict["originalTop1"] = top1;
        invocation.Report["test"] = verdict;
        long bytes = new FileInfo(path).Length;
        if (!invocation.Quiet)
        {
            string change = original is double was ? $", the original {Numbers.Percent(was, 2)}" : "";
            invocation.Print(writer => writer.WriteLine($"{VisibleText.Escape(path)}: {ByteSize.Full(bytes)}; {Numbers.Percent(result.Top1, 2)} of {Numbers.Count(test.Count)} test samples{change}"));
        }

        if (MostDrop(recipe) is not double most || original is not double before || (before - result.Top1) * 100 <= most + 1e-9) return;
        throw new CommandException(
            ExitCode.GoalNotMet, "budget-missed", $"{path} loses {Numbers.Fixed((before - result.Top1) * 100, 2)} points on the test set, max-drop allows {Numbers.Short(most)}",
            "It is written all the same; state a smaller drop, or train longer.");
    }

    private static Evaluation Evaluate(ExecutableGraph graph, SampleSet samples, Preprocessing preprocessing, KernelThreads threads, Invocation invocation) =>
        new Evaluator(graph, samples.SampleShape, preprocessing, threads).Run(samples, new CountProgress(invocation.Progress, "evaluate", samples.Name, samples.Count), invocation.Cancellation);
}
