using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor decompress IN.nnc [-o OUT]</c>: a model file out of an ISO/IEC 15938-17 stream.</summary>
internal sealed class DecompressCommand : Verb
{
    private readonly Argument<string> _input = new("IN") { Description = "An NNC file; '-' reads stdin." };
    private readonly OutputOptions _output = new(
        "Where to write; its ending names the format. If not given, IN with the ending .onnx, or .safetensors where no graph travels along; "
        + "'-' writes that to stdout.",
        required: false);

    private readonly Option<bool> _asCoded = new("--as-coded")
    {
        Description = "Leave local scaling, folded batch norm and factors as they stand in the stream, instead of multiplying them out.",
    };

    private readonly SelectionOptions _selection = new();
    private readonly ModelWriteOptionsGroup _layout = new();
    private readonly ThreadsOption _threads = new();
    private readonly MemoryLimitOption _memory = new();

    public DecompressCommand()
        : base("decompress", "Write an NNC file as the model that it was made from.")
    {
        Add(_input);
        _output.AddTo(this);
        Add(_asCoded);
        _selection.AddTo(this);
        _layout.AddTo(this);
        _threads.AddTo(this);
        _memory.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        _memory.Apply(invocation);
        string source = invocation.Value(_input);
        if (invocation.Value(_output.Path) == "-" || (invocation.Value(_output.Path) is null && source == "-")) invocation.ReserveStdout();
        using InputFile input = InputFile.Require(invocation, source);
        if (input.Format is not NncFormat) throw CommandException.Usage($"{source} is {input.Format.Name}, not a compressed model", "Use tersor convert.");
        input.Describe(invocation);
        int threads = _threads.Resolve(invocation);
        using CompressedModel compressed = CompressedModel.Open(input.Path, invocation.Value(_asCoded));
        Model model = Select(invocation, compressed.ToModel(threads));
        string path = invocation.Value(_output.Path) ?? (source == "-" ? "-" : Path.ChangeExtension(source, DefaultEnding(model)));
        invocation.Setting(_output.Path, path);
        InputFile.CheckApart(input.Path, model, path);
        _output.Check(invocation, path);
        ModelFormat format = path == "-" ? ModelOutput.FormatOf(DefaultEnding(model)) : ModelOutput.FormatOf(path);
        ModelOutput.WarnOfLostGraph(invocation, model, format, source);
        ModelWriteOptions options = _layout.Resolve(invocation, format) with { Overwrite = invocation.Value(_output.Force) };
        Write(invocation, model, format, options, path, threads);
    }

    private void Write(Invocation invocation, Model model, ModelFormat format, ModelWriteOptions options, string path, int threads)
    {
        long bytes = model.Tensors.Sum(tensor => tensor.ByteLength);
        OutputOptions.CheckDiskSpace(path, bytes);
        long largest = model.Tensors.Select(tensor => tensor.ByteLength).DefaultIfEmpty().Max();
        long inFlight = largest * Math.Min(threads, Math.Max(1, model.Tensors.Count));
        _memory.Check(invocation, inFlight, $"decompressing with --threads {Numbers.Integer(threads)}");
        foreach (Tensor tensor in model.Tensors) invocation.Report.Tensors.Add((JsonNode)TensorFields.Describe(tensor));
        invocation.Report.Totals["tensors"] = model.Tensors.Count;
        invocation.Report.Totals["elements"] = model.Tensors.Sum(tensor => tensor.ElementCount);
        invocation.Report.Totals["bytes"] = bytes;
        string what = $"{TensorFields.CountOf(model.Tensors.Count)}, {ByteSize.Full(bytes)} of weights, as {format.Name}";
        if (invocation.Value(_output.DryRun))
        {
            invocation.Report["dryRun"] = true;
            invocation.Print(writer => writer.WriteLine($"would write {VisibleText.Escape(path)}: {what}"));
            return;
        }

        if (path == "-") ModelOutput.WriteToStdout(invocation, model, format, options);
        else ModelOutput.Write(invocation, model, format, path, options);
        ModelOutput.Report(invocation, path);
        if (!invocation.Quiet) invocation.Print(writer => writer.WriteLine($"{VisibleText.Escape(path)}: {what}"));
    }

    // A part of the tensors is no network any more.
    private Model Select(Invocation invocation, Model model)
    {
        if (!_selection.AreGiven(invocation)) return model;
        IReadOnlySet<string> names = _selection.Resolve(invocation, [.. model.Tensors.Select(tensor => tensor.Name)]);
        return new Model(model.Format, model.Source, [.. model.Tensors.Where(tensor => names.Contains(tensor.Name))], model.Metadata);
    }

    private static string DefaultEnding(Model model) => model is OnnxModel ? ".onnx" : ".safetensors";
}
