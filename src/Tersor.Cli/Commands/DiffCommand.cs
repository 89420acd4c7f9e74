using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Measures;
using Tersor.Models;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor diff A B</c>: how far the tensors of one model are from those of another, matched by name whatever the formats.</summary>
internal sealed class DiffCommand : Verb
{
    private readonly Argument<string> _first = new("A") { Description = "The original; '-' reads stdin." };
    private readonly Argument<string> _second = new("B") { Description = "What became of it." };
    private readonly SelectionOptions _selection = new();
    private readonly MemoryLimitOption _memory = new();
    private readonly Option<double?> _failAbove = ValueOption.Real(
        "--fail-above",
        "Exit 5 where a value differs by more than this, or a tensor has no counterpart of its shape.",
        0,
        double.PositiveInfinity);

    public DiffCommand()
        : base("diff", "Compare two models tensor by tensor: SQNR, cosine, largest absolute difference.")
    {
        Add(_first);
        Add(_second);
        Add(_failAbove);
        _selection.AddTo(this);
        _memory.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        _memory.Apply(invocation);
        if (invocation.Value(_first) == "-" && invocation.Value(_second) == "-") throw CommandException.Usage("only one of the two models can come from stdin");
        using InputFile firstFile = InputFile.Require(invocation, invocation.Value(_first));
        using InputFile secondFile = InputFile.Require(invocation, invocation.Value(_second));
        using Model first = firstFile.Open(invocation);
        using Model second = secondFile.Open(invocation);
        string[] names = [.. first.Tensors.Concat(second.Tensors).Select(tensor => tensor.Name).Distinct(StringComparer.Ordinal)];
        IReadOnlySet<string> selected = _selection.Resolve(invocation, names);
        _memory.CheckHeldWhole(invocation, first.Tensors.Concat(second.Tensors).Where(tensor => selected.Contains(tensor.Name)));
        List<Row> rows = Compare(invocation, first, second, [.. names.Where(selected.Contains)]);
        Totals totals = new(rows);
        totals.Report(invocation.Report.Totals);
        foreach (Row row in rows) invocation.Report.Tensors.Add((JsonNode)row.Fields());
        invocation.Print(Table(rows, totals));
        if (invocation.Value(_failAbove) is double bound) FailAbove(bound, rows, totals);
    }

    private static List<Row> Compare(Invocation invocation, Model first, Model second, string[] names)
    {
        long total = names.Sum(name => first.Find(name)?.ByteLength ?? 0);
        long done = 0;
        List<Row> rows = [];
        foreach (string name in names)
        {
            Tensor? a = first.Find(name);
            Tensor? b = second.Find(name);
            TensorDifference? difference = null;
            if (a is not null && b is not null && Status(a, b) is null)
            {
                long start = done;
                long read = 0;
                difference = TensorDifference.Measure(
                    a,
                    b,
                    count =>
                    {
                        read += count;
                        long bytes = start + (long)((double)read / a.ElementCount * a.ByteLength);
                        invocation.Progress.Report(new ModelProgress("compare", name, bytes, total));
                    },
                    invocation.Cancellation);
            }

            done += a?.ByteLength ?? 0;
            rows.Add(new Row(name, a, b, difference, difference is null ? Status(a, b)! : Status(difference)));
        }

        return rows;
    }

    // Why two tensors cannot be compared; null where they can.
    private static string? Status(Tensor? a, Tensor? b)
    {
        if (a is null) return "only in B";
        if (b is null) return "only in A";
        if (a.Shape != b.Shape) return "shape mismatch";
        return Kind(a.ElementType) == Kind(b.ElementType) ? null : "type mismatch";
    }

    private static string Status(TensorDifference difference) =>
        difference.IsBitEqual ? "equal bits" : difference.MaxAbsError == 0 ? "equal values" : "differs";

    private static int Kind(ElementType type) => !type.IsNumeric() ? 0 : type is ElementType.Complex64 or ElementType.Complex128 ? 2 : 1;

    private static TextTable Table(List<Row> rows, Totals totals)
    {
        TextTable table = new TextTable().Text("tensor").Text("status").Text("shape").Number("SQNR dB").Number("cosine").Number("max abs");
        foreach (Row row in rows)
        {
            string shape = row.A is not null && row.B is not null && row.A.Shape != row.B.Shape
                ? $"{row.A.Shape} | {row.B.Shape}"
                : (row.A ?? row.B)!.Shape.ToString();
            table.Row(
                row.Name,
                row.Status,
                shape,
                row.Difference is null ? "-" : Numbers.Decibel(row.Difference.SqnrDb),
                row.Difference is null ? "-" : Numbers.Fixed(row.Difference.Cosine, 6),
                row.Difference is null ? "-" : Numbers.Short(row.Difference.MaxAbsError));
        }

        table.Totals(
            TensorFields.CountOf(rows.Count),
            totals.Verdict,
            "",
            totals.ComparedCount == 0 ? "-" : Numbers.Decibel(totals.SqnrDb),
            totals.ComparedCount == 0 ? "-" : Numbers.Fixed(totals.WorstCosine, 6),
            totals.ComparedCount == 0 ? "-" : Numbers.Short(totals.MaxAbsError));
        return table;
    }

    private static void FailAbove(double bound, List<Row> rows, Totals totals)
    {
        if (totals.MaxAbsError > bound)
        {
            Row worst = rows.MaxBy(row => row.Difference?.MaxAbsError ?? -1)!;
            string problem = $"tensor '{worst.Name}' differs by up to {Numbers.Short(totals.MaxAbsError)}, --fail-above allows {Numbers.Short(bound)}";
            throw new CommandException(ExitCode.GoalNotMet, "mismatch", problem);
        }

        Row? lonely = rows.Find(row => row.Difference is null);
        if (lonely is not null)
            throw new CommandException(ExitCode.GoalNotMet, "mismatch", $"tensor '{lonely.Name}' cannot be compared: {lonely.Status}");
    }

    private sealed record Row(string Name, Tensor? A, Tensor? B, TensorDifference? Difference, string Status)
    {
        public JsonObject Fields()
        {
            JsonObject fields = new()
            {
                ["name"] = Name,
                ["status"] = Status,
                ["a"] = A is null ? null : TensorFields.Describe(A),
                ["b"] = B is null ? null : TensorFields.Describe(B),
            };
            if (Difference is not null)
            {
                fields["sqnr"] = SortedJson.Number(Difference.SqnrDb);
                fields["cosine"] = SortedJson.Number(Difference.Cosine);
                fields["maxAbs"] = SortedJson.Number(Difference.MaxAbsError);
            }

            return fields;
        }
    }

    private sealed class Totals
    {
        private readonly int _count;

        public Totals(List<Row> rows)
        {
            _count = rows.Count;
            double signal = 0;
            double noise = 0;
            foreach (Row row in rows)
            {
                if (row.Difference is not TensorDifference difference) continue;
                ComparedCount++;
                if (!difference.IsBitEqual && difference.MaxAbsError > 0) DifferentCount++;

                // Integers (shapes, indices, counters) are large and exact; they would drown the weights.
                if (!row.A!.ElementType.IsInteger())
                {
                    signal += difference.SignalEnergy;
                    noise += difference.NoiseEnergy;
                }

                MaxAbsError = Math.Max(MaxAbsError, difference.MaxAbsError);
                WorstCosine = Math.Min(WorstCosine, difference.Cosine);
            }

            UnmatchedCount = rows.Count - ComparedCount;
            SqnrDb = TensorDifference.Decibels(signal, noise);
        }

        public int ComparedCount { get; }

        public int DifferentCount { get; }

        public int UnmatchedCount { get; }

        public double MaxAbsError { get; }

        /// <summary>Over all tensors but those of integers, in dB.</summary>
        public double SqnrDb { get; }

        public double WorstCosine { get; } = 1;

        public string Verdict =>
            UnmatchedCount > 0 ? $"{Numbers.Count(UnmatchedCount)} not comparable"
            : DifferentCount > 0 ? $"{Numbers.Count(DifferentCount)} differ"
            : "equal";

        public void Report(JsonObject fields)
        {
            fields["tensors"] = _count;
            fields["compared"] = ComparedCount;
            fields["different"] = DifferentCount;
            fields["unmatched"] = UnmatchedCount;
            fields["maxAbs"] = SortedJson.Number(MaxAbsError);
            fields["sqnr"] = SortedJson.Number(SqnrDb);
            fields["cosine"] = SortedJson.Number(WorstCosine);
        }
    }
}
