using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Models;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor verify FILE</c>: reads or decodes everything in a file and says of every tensor whether it is whole.</summary>
internal sealed class VerifyCommand : Verb
{
    private readonly Argument<string> _file = new("FILE") { Description = "A model of any readable format; '-' reads stdin." };
    private readonly MemoryLimitOption _memory = new();

    public VerifyCommand()
        : base("verify", "Read or decode everything in a file and check every length and end; exit 3 where something is damaged.")
    {
        Add(_file);
        _memory.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        _memory.Apply(invocation);
        using InputFile input = InputFile.Require(invocation, invocation.Value(_file));
        using Model model = input.Open(invocation);
        TextTable table = new TextTable().Text("tensor").Text("type").Text("shape").Number("bytes").Text("status");
        List<ModelFormatException> damaged = [];
        long total = model.Tensors.Sum(tensor => tensor.ByteLength);
        long done = 0;
        foreach (Tensor tensor in model.Tensors)
        {
            invocation.Progress.Report(new ModelProgress("verify", tensor.Name, done, total));
            ModelFormatException? problem = ReadThrough(tensor, invocation.Cancellation);
            if (problem is not null) damaged.Add(problem);
            done += tensor.ByteLength;
            JsonObject fields = TensorFields.Describe(tensor);
            fields["status"] = problem is null ? "ok" : "damaged";
            if (problem is not null) fields["problem"] = problem.Message;
            invocation.Report.Tensors.Add((JsonNode)fields);
            table.Row(
                tensor.Name, tensor.ElementType.Name(), tensor.Shape.ToString(), ByteSize.Exact(tensor.ByteLength), problem is null ? "ok" : "damaged");
        }

        table.Totals(TensorFields.CountOf(model.Tensors.Count), "", "", ByteSize.Exact(total), damaged.Count == 0 ? "ok" : $"{Numbers.Count(damaged.Count)} damaged");
        invocation.Report["format"] = model.Format;
        invocation.Report.Totals["tensors"] = model.Tensors.Count;
        invocation.Report.Totals["damaged"] = damaged.Count;
        invocation.Report.Totals["bytes"] = total;
        if (!invocation.Quiet || damaged.Count > 0) invocation.Print(table);
        if (damaged.Count > 0) throw damaged[0];
    }

    private static ModelFormatException? ReadThrough(Tensor tensor, CancellationToken cancellation)
    {
        try
        {
            tensor.Data.CopyTo(Stream.Null, cancellation);
            return null;
        }
        catch (ModelFormatException problem)
        {
            return problem;
        }
    }
}
