using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Codec;
using Tersor.Codec.Dcz;
using Tersor.Engine.Graphs;
using Tersor.Measures;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor inspect FILE</c>: what a file says of itself, from its header; with <c>--histogram</c> also what its weights look like.</summary>
internal sealed class InspectCommand : Verb
{
    private readonly Argument<string> _file = new("FILE") { Description = "A model of any readable format; '-' reads stdin." };
    private readonly SelectionOptions _selection = new();
    private readonly MemoryLimitOption _memory = new();
    private readonly Option<bool> _lenient = LenientOption.Create();
    private readonly Option<bool> _histogram = new("--histogram")
    {
        Description = "Read the weights: draw their distribution, print entropy, sparsity, distinct values, moments and non-finite counts.",
    };

    public InspectCommand()
        : base("inspect", "Print what a model file holds: format, tensors, metadata. Reads the header only, unless --histogram.")
    {
        Add(_file);
        Add(_histogram);
        _selection.AddTo(this);
        Add(_lenient);
        _memory.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        _memory.Apply(invocation);
        using InputFile input = InputFile.Require(invocation, invocation.Value(_file));
        using Model model = input.Open(invocation, invocation.Value(_lenient));
        IReadOnlySet<string> selected = _selection.Resolve(invocation, [.. model.Tensors.Select(tensor => tensor.Name)]);
        Tensor[] tensors = [.. model.Tensors.Where(tensor => selected.Contains(tensor.Name))];
        long fileBytes = input.TotalBytes(model);

        invocation.Report["format"] = input.Format.Name;
        invocation.Report["metadata"] = new JsonObject(model.Metadata.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value)));
        invocation.Report.Totals["tensors"] = tensors.Length;
        invocation.Report.Totals["elements"] = tensors.Sum(tensor => tensor.ElementCount);
        invocation.Report.Totals["bytes"] = tensors.Sum(tensor => tensor.ByteLength);
        invocation.Report.Totals["fileBytes"] = fileBytes;
        invocation.Print(writer => writer.WriteLine($"{VisibleText.Escape(input.ShownPath)}: {input.Format.Name}, {ByteSize.Full(fileBytes)}"));
        if (model is OnnxModel onnx)
        {
            invocation.Report["onnx"] = OnnxText.Fields(onnx.Summary);
            invocation.Print(writer => OnnxText.Write(writer, onnx.Summary));
        }

        InspectPreprocessing(invocation, model, input.ShownPath);
        if (input.Format is NncFormat) InspectStream(invocation, input, model, selected);
        else if (input.Format is DczFormat) InspectSharing(invocation, input, model, selected);
        else invocation.Print(TensorTable(tensors));
        if (ExecutableModel.CarriesNetwork(model)) InspectLayers(invocation, model);
        foreach (Tensor tensor in tensors) invocation.Report.Tensors.Add((JsonNode)TensorFields.Describe(tensor));
        PrintMetadata(invocation, model);
        if (!invocation.Value(_histogram)) return;
        _memory.CheckHeldWhole(invocation, tensors);
        MeasureDistributions(invocation, tensors);
    }

    private static TextTable TensorTable(Tensor[] tensors)
    {
        TextTable table = new TextTable().Text("tensor").Text("type").Text("shape").Number("elements").Number("bytes");
        foreach (Tensor tensor in tensors)
        {
            table.Row(
                tensor.Name, tensor.ElementType.Name(), tensor.Shape.ToString(), Numbers.Count(tensor.ElementCount), ByteSize.Exact(tensor.ByteLength));
        }

        table.Totals(
            TensorFields.CountOf(tensors.Length),
            "",
            "",
            Numbers.Count(tensors.Sum(tensor => tensor.ElementCount)),
            ByteSize.Exact(tensors.Sum(tensor => tensor.ByteLength)));
        return table;
    }

    private static void InspectStream(Invocation invocation, InputFile input, Model model, IReadOnlySet<string> selected)
    {
        using CompressedModel compressed = CompressedModel.Open(input.Path);
        foreach (string unsupported in compressed.Reader.Unsupported) invocation.Warn(unsupported);
        invocation.Report["nnc"] = NncText.Fields(compressed.Reader);
        invocation.Print(writer => NncText.Write(writer, compressed.Reader));
        invocation.Print(NncText.Table(compressed, model, selected));
    }

    private static void InspectSharing(Invocation invocation, InputFile input, Model model, IReadOnlySet<string> selected)
    {
        using DczFile file = DczFile.Open(input.Path);
        invocation.Report["dcz"] = DczText.Fields(file);
        invocation.Print(writer => DczText.Write(writer, file));
        invocation.Print(DczText.Table(file, model, selected));
    }

    private static void InspectPreprocessing(Invocation invocation, Model model, string source)
    {
        try
        {
            if (PreprocessingOptions.Remembered(model.Metadata, source) is not { } preprocessing) return;
            invocation.Report["preprocessing"] = PreprocessingText.Fields(preprocessing);
            invocation.Print(writer => PreprocessingText.Write(writer, preprocessing));
        }
        catch (ModelFormatException problem)
        {
            // The rest of the file is worth a look all the same.
            invocation.Warn(problem.Message);
        }
    }

    // A model that the engine does not run is worth a look all the same.
    private static void InspectLayers(Invocation invocation, Model model)
    {
        try
        {
            IReadOnlyList<LayerCost> layers = LayerCost.Measure(OnnxGraph.FromModel(model));
            invocation.Report["layers"] = LayerText.Fields(layers);
            LayerText.AddTotals(invocation.Report.Totals, layers);
            invocation.Print(LayerText.Table(layers));
        }
        catch (Exception problem) when (problem is UnsupportedModelException or ModelFormatException or ResourceLimitException or ArgumentException)
        {
            invocation.Report["layers"] = null;
            invocation.Report["layersProblem"] = problem.Message;
            invocation.Print(writer => writer.WriteLine($"layers are not measured: {VisibleText.OneLine(problem.Message)}"));
        }
    }

    private static void PrintMetadata(Invocation invocation, Model model)
    {
        if (model.Metadata.Count == 0) return;
        invocation.Print(writer =>
        {
            writer.WriteLine("metadata");
            foreach ((string key, string value) in model.Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
                writer.WriteLine($"  {VisibleText.OneLine(key)} = {VisibleText.OneLine(value)}");
        });
    }

    private static void MeasureDistributions(Invocation invocation, Tensor[] tensors)
    {
        // Two passes over every element.
        long total = tensors.Sum(tensor => tensor.ByteLength) * 2;
        long done = 0;
        for (int i = 0; i < tensors.Length; i++)
        {
            Tensor tensor = tensors[i];
            if (!tensor.ElementType.IsNumeric())
            {
                invocation.Warn($"tensor '{tensor.Name}' holds {tensor.ElementType.Name()}, which has no distribution");
                continue;
            }

            long start = done;
            long read = 0;
            ValueDistribution distribution = ValueDistribution.Measure(
                tensor,
                count =>
                {
                    read += count;
                    done = start + (long)((double)read / Math.Max(1, tensor.ElementCount) * tensor.ByteLength);
                    invocation.Progress.Report(new ModelProgress("measure", tensor.Name, done, total));
                },
                invocation.Cancellation);
            ((JsonObject)invocation.Report.Tensors[i]!)["distribution"] = DistributionText.Fields(distribution);
            invocation.Print(writer => DistributionText.Write(writer, tensor, distribution));
        }
    }
}
