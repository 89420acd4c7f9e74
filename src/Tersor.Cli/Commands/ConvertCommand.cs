using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Models;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor convert IN -o OUT</c>: the same tensors in another file format, named by the output's ending.</summary>
internal sealed class ConvertCommand : Verb
{
    private readonly Argument<string> _input = new("IN") { Description = "A model of any readable format; '-' reads stdin." };
    private readonly OutputOptions _output = new("Where to write; its ending names the format.", required: true);
    private readonly ModelWriteOptionsGroup _layout = new();
    private readonly PreprocessingOptions _preprocessing = new();
    private readonly MemoryLimitOption _memory = new();
    private readonly Option<bool> _lenient = LenientOption.Create();

    public ConvertCommand()
        : base("convert", "Write a model in another file format; the weights stay bit for bit. Preprocessing that is given is remembered in its metadata.")
    {
        Add(_input);
        _output.AddTo(this);
        _layout.AddTo(this);
        _preprocessing.AddTo(this);
        Add(_lenient);
        _memory.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        _memory.Apply(invocation);
        string path = invocation.Value(_output.Path)!;
        ModelFormat format = ModelOutput.FormatOf(path);
        ModelWriteOptions options = _layout.Resolve(invocation, format) with { Overwrite = invocation.Value(_output.Force) };
        _output.Check(invocation, path);
        using InputFile input = InputFile.Require(invocation, invocation.Value(_input));
        using Model opened = input.Open(invocation, invocation.Value(_lenient));
        using Model model = Remember(invocation, opened, format, input.ShownPath);
        ModelOutput.WarnOfLostGraph(invocation, model, format, input.ShownPath);
        long bytes = model.Tensors.Sum(tensor => tensor.ByteLength);
        OutputOptions.CheckDiskSpace(path, bytes);
        foreach (Tensor tensor in model.Tensors) invocation.Report.Tensors.Add((JsonNode)TensorFields.Describe(tensor));
        invocation.Report.Totals["tensors"] = model.Tensors.Count;
        invocation.Report.Totals["elements"] = model.Tensors.Sum(tensor => tensor.ElementCount);
        invocation.Report.Totals["bytes"] = bytes;
        string what = $"{TensorFields.CountOf(model.Tensors.Count)}, {ByteSize.Full(bytes)} of weights, {input.Format.Name} to {format.Name}";
        if (invocation.Value(_output.DryRun))
        {
            invocation.Report["dryRun"] = true;
            invocation.Print(writer => writer.WriteLine($"would write {VisibleText.Escape(path)}: {what}"));
            return;
        }

        ModelOutput.Write(invocation, model, format, path, options);
        ModelOutput.Report(invocation, path);
        if (!invocation.Quiet) invocation.Print(writer => writer.WriteLine($"{VisibleText.Escape(path)}: {what}"));
    }

    private Model Remember(Invocation invocation, Model model, ModelFormat format, string source)
    {
        if (!_preprocessing.AreGiven(invocation)) return model;
        if (!format.KeepsMetadata) throw CommandException.Usage($"{format.Name} keeps no metadata, so that preprocessing cannot be remembered", "Name another output.");
        return model.WithMetadata(_preprocessing.Resolve(invocation, model.Metadata, source).ToMetadata());
    }
}
