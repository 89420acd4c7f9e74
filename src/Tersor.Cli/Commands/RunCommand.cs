using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor run MODEL --input x.npz -o y.npz</c>: arrays in, arrays out, as they are: pixels must have been preprocessed.</summary>
internal sealed class RunCommand : Verb
{
    private readonly Argument<string> _model = new("MODEL") { Description = "A model of any readable format, compressed ones included; '-' reads stdin." };
    private readonly Option<string?> _input = new("--input", "-i")
    {
        Description = "Arrays named as the model's inputs, in a file of any readable format such as .npz; one array alone (.npy) goes to a model's only input.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly OutputOptions _output = new("Where the outputs go by their names; the ending names the format, such as .npz, or .npy for one output.", required: true);
    private readonly Option<int?> _batch = ValueOption.Integer(
        "--batch", "Samples per run; all at once if not given. A model that fixes its batch gets that, the last one filled up with zeros.", 1, 1 << 20);

    private readonly EngineOptions _engine = new();

    public RunCommand()
        : base("run", "Run a model on arrays and write its outputs. Inputs are taken as they are, without preprocessing.")
    {
        Add(_model);
        Add(_input);
        _output.AddTo(this);
        Add(_batch);
        _engine.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        MemoryBudget budget = _engine.LimitMemory(invocation);
        string path = invocation.Value(_output.Path)!;
        ModelFormat format = ModelOutput.FormatOf(path);
        _output.Check(invocation, path);
        string modelPath = invocation.Value(_model);
        string inputPath = invocation.Value(_input)!;
        if (modelPath == "-" && inputPath == "-") throw CommandException.Usage("only one of model and input can come from stdin");
        using InputFile file = InputFile.Require(invocation, inputPath);
        int threadCount = _engine.Threads(invocation);
        using ExecutableModel model = _engine.Open(invocation, modelPath, budget, threadCount);
        model.CheckApart(path);
        using KernelThreads threads = new(threadCount);
        Dictionary<string, DenseTensor> inputs = Read(invocation, file, path, model.Graph, budget);
        BatchedInference inference = new(model.Graph, inputs, threads, invocation.Value(_batch), budget.Left);
        budget.Take(inference.MemoryBytes, $"the intermediate results of {modelPath}");
        if (invocation.Value(_output.DryRun))
        {
            invocation.Report["dryRun"] = true;
            invocation.Report.Totals["memoryBytes"] = inference.MemoryBytes;
            invocation.Print(writer => writer.WriteLine(
                $"would write {VisibleText.Escape(path)}, with {ByteSize.Human(inference.MemoryBytes)} of memory for intermediate results"));
            return;
        }

        IReadOnlyList<(string Name, DenseTensor Value)> outputs = inference.Run(new CountProgress(invocation.Progress, "run", modelPath, inference.Samples), invocation.Cancellation);
        Write(invocation, outputs, format, path);
    }

    private static Dictionary<string, DenseTensor> Read(Invocation invocation, InputFile file, string output, ExecutableGraph graph, MemoryBudget budget)
    {
        using Model arrays = file.Open(invocation);
        InputFile.CheckApart(file.Path, arrays, output);
        Dictionary<string, DenseTensor> inputs = new(StringComparer.Ordinal);
        bool isSingle = arrays.Tensors.Count == 1 && graph.Inputs.Count == 1;
        foreach (OnnxGraphValue input in graph.Inputs)
        {
            Tensor? array = arrays.Find(input.Name) ?? (isSingle ? arrays.Tensors[0] : null);
            if (array is null) continue;
            if (array.ElementType != ElementType.Float32 && !array.ElementType.IsInteger())
                throw new DataMismatchException($"{file.ShownPath}: array '{array.Name}' is {array.ElementType.Name()}, input '{input}' of the model is not; convert it, as x.astype(\"float32\") does in NumPy.");
            budget.Take(array.ElementCount * (array.ElementType == ElementType.Float32 ? sizeof(float) : sizeof(long)), $"array '{array.Name}' of {file.ShownPath}");
            inputs.Add(input.Name, DenseTensor.FromTensor(array));
        }

        string[] unused = isSingle ? [] : [.. arrays.Tensors.Select(array => array.Name).Where(name => !inputs.ContainsKey(name))];
        if (inputs.Count < graph.Inputs.Count)
        {
            string[] missing = [.. graph.Inputs.Where(input => !inputs.ContainsKey(input.Name)).Select(input => $"'{input}'")];
            throw new DataMismatchException($"{file.ShownPath} has no array for input {string.Join(", input ", missing)} of {graph.Source}; it has {string.Join(", ", unused)}");
        }

        if (unused.Length > 0) invocation.Warn($"{file.ShownPath}: {string.Join(", ", unused)} of no use to {graph.Source}, whose inputs are {string.Join(", ", graph.Inputs)}");
        return inputs;
    }

    private void Write(Invocation invocation, IReadOnlyList<(string Name, DenseTensor Value)> outputs, ModelFormat format, string path)
    {
        using Model model = new("memory", path, [.. outputs.Select(output => output.Value.ToTensor(output.Name))]);
        OutputOptions.CheckDiskSpace(path, model.Tensors.Sum(tensor => tensor.ByteLength));
        format.Write(model, path, ModelWriteOptions.Default with { Overwrite = invocation.Value(_output.Force) }, invocation.Progress, invocation.Cancellation);
        foreach (Tensor tensor in model.Tensors) invocation.Report.Tensors.Add((JsonNode)TensorFields.Describe(tensor));
        invocation.Report.Totals["tensors"] = model.Tensors.Count;
        invocation.Report.Totals["elements"] = model.Tensors.Sum(tensor => tensor.ElementCount);
        invocation.Report.Totals["bytes"] = model.Tensors.Sum(tensor => tensor.ByteLength);
        ModelOutput.Report(invocation, path);
        if (!invocation.Quiet) invocation.Print(writer => writer.WriteLine($"{VisibleText.Escape(path)}: {string.Join(", ", model.Tensors)}"));
    }
}
