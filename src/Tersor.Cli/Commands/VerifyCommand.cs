using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor verify FILE</c>: reads or decodes everything in a file and says of every tensor whether it is whole.</summary>
internal sealed class VerifyCommand : Verb
{
    private readonly Argument<string> _file = new("FILE") { Description = "A model of any readable format; '-' reads stdin." };
    private readonly ThreadsOption _threads = new();
    private readonly MemoryLimitOption _memory = new();

    public VerifyCommand()
        : base("verify", "Read or decode everything in a file and check every length and end; exit 3 where something is damaged.")
    {
        Add(_file);
        _threads.AddTo(this);
        _memory.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        _memory.Apply(invocation);
        using InputFile input = InputFile.Require(invocation, invocation.Value(_file));
        invocation.Report["format"] = input.Format.Name;
        if (input.Format is NncFormat)
        {
            input.Describe(invocation);
            using CompressedModel compressed = CompressedModel.Open(input.Path);
            Verify(invocation, compressed.ToModel(_threads.Resolve(invocation)), [.. compressed.Reader.Unsupported]);
        }
        else
        {
            using Model model = input.Open(invocation);
            Verify(invocation, model, []);
        }
    }

    private static void Verify(Invocation invocation, Model model, List<string> unsupported)
    {
        TextTable table = new TextTable().Text("tensor").Text("type").Text("shape").Number("bytes").Text("status");
        List<ModelFormatException> damaged = [];
        long total = model.Tensors.Sum(tensor => tensor.ByteLength);
        long done = 0;
        IReadOnlyList<ModelFormatException> checksums = model is OnnxModel onnx ? onnx.CheckExternalData(invocation.Cancellation) : [];
        foreach (Tensor tensor in model.Tensors)
        {
            invocation.Progress.Report(new ModelProgress("verify", tensor.Name, done, total));
            Exception? problem = ReadThrough(tensor, invocation.Cancellation) ?? checksums.FirstOrDefault(entry => entry.Item == $"tensor '{tensor.Name}'");
            if (problem is ModelFormatException malformed) damaged.Add(malformed);
            if (problem is UnsupportedModelException beyond) unsupported.AddRange(beyond.Items.Except(unsupported));
            string status = problem switch { null => "ok", ModelFormatException => "damaged", _ => "unsupported" };
            done += tensor.ByteLength;
            JsonObject fields = TensorFields.Describe(tensor);
            fields["status"] = status;
            if (problem is not null) fields["problem"] = problem.Message;
            invocation.Report.Tensors.Add((JsonNode)fields);
            table.Row(tensor.Name, tensor.ElementType.Name(), tensor.Shape.ToString(), ByteSize.Exact(tensor.ByteLength), status);
        }

        string verdict = damaged.Count > 0 ? $"{Numbers.Count(damaged.Count)} damaged" : unsupported.Count > 0 ? "not all supported" : "ok";
        table.Totals(TensorFields.CountOf(model.Tensors.Count), "", "", ByteSize.Exact(total), verdict);
        invocation.Report.Totals["tensors"] = model.Tensors.Count;
        invocation.Report.Totals["damaged"] = damaged.Count;
        invocation.Report.Totals["bytes"] = total;
        if (!invocation.Quiet || verdict != "ok") invocation.Print(table);
        if (damaged.Count > 0) throw damaged[0];
        if (unsupported.Count > 0) throw new UnsupportedModelException(model.Source, unsupported);
    }

    private static Exception? ReadThrough(Tensor tensor, CancellationToken cancellation)
    {
        try
        {
            tensor.Data.CopyTo(Stream.Null, cancellation);
            return null;
        }
        catch (Exception problem) when (problem is ModelFormatException or UnsupportedModelException)
        {
            return problem;
        }
    }
}
