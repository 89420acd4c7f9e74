using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Codec;
using Tersor.Engine.Data;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor compress IN [-o OUT.nnc]</c>: a model in, an ISO/IEC 15938-17 stream out, and a table of where every byte went.</summary>
internal sealed class CompressCommand : Verb
{
    private readonly Argument<string> _input = new("IN") { Description = "A model of any readable format; '-' reads stdin." };
    private readonly OutputOptions _output = new("Where to write; IN with the ending .nnc if not given; '-' writes to stdout. Without an ending for --container smaller.", required: false);
    private readonly CompressionOptions _compression = new();
    private readonly BudgetOptions _budgets = new();
    private readonly Option<string?> _savePlan = new("--save-plan")
    {
        Description = "Write the settings of every tensor, as they were used, to this file; --plan replays them to the same bytes.",
        HelpName = "FILE",
    };

    private readonly Option<CompressedContainer?> _container = ValueOption.Choice<CompressedContainer>(
        "--container",
        "nnc, if not given; smaller: with --lossless also as Deep Compression (.dcz), and the smaller of the two files stays. OUT is then without an ending, which follows.",
        [("nnc", CompressedContainer.Nnc), ("smaller", CompressedContainer.Smaller)]);

    private readonly MeasureOptions _measure = new(required: false);

    public CompressCommand()
        : base("compress", "Write a model as a small NNC file.")
    {
        Add(_input);
        _output.AddTo(this);
        _compression.AddTo(this);
        _budgets.AddTo(this);
        Add(_container);
        Add(_savePlan);
        _measure.AddTo(this);
    }

    public override void Check(Invocation invocation)
    {
        _compression.CheckContradictions(invocation);
        ResolveContainer(invocation, invocation.Value(_input));
    }

    public override void Run(Invocation invocation)
    {
        _measure.Memory.Apply(invocation);
        string source = invocation.Value(_input);
        SmallerContainer? either = ResolveContainer(invocation, source);
        string path = either?.ToString() ?? ResolveOutput(invocation, source);
        DataSource? data = _measure.Evaluation.Resolve(invocation);
        Budget? budget = _budgets.Resolve(invocation, data is not null);
        if (data is not null && (source == "-" || path == "-")) throw CommandException.Usage("--data measures files, not stdin and stdout", "Name files, or drop --data.");
        using InputFile input = InputFile.Require(invocation, source);
        using Model model = input.Open(invocation, _measure.IsLenient(invocation));
        InputFile.CheckApart(input.Path, model, [.. either?.Files ?? [path], invocation.Value(_savePlan)]);
        int threads = _measure.Threads(invocation);
        long needed = ModelCompressor.EstimateMemory(model, threads);
        _measure.Memory.Check(invocation, needed, $"compressing {source} with --threads {Numbers.Integer(threads)}");
        BudgetedPlan? search = budget is null ? null : new BudgetedPlan(invocation, budget, model, _compression.MakeSearchOptions(invocation, model, budget.Option), threads);
        bool isDryRun = invocation.Value(_output.DryRun);

        // A dry run measures only what a search needs.
        using FileVerdict? verdict = data is null || (isDryRun && search is null) ? null : OpenVerdict(invocation, source, data, threads, searches: search is not null);
        PlannedLevels planned = MakePlan(invocation, model, threads, search, verdict);
        ModelCompressor.Check(model, planned.Plan);
        if (isDryRun)
        {
            DescribePlan(invocation, planned.Plan, model, path, needed);
            return;
        }

        if (planned.LacksStatistics) planned = verdict?.Calibrate(planned.Plan, model) ?? throw NeedsData(planned.Plan);
        CompressionReport report;
        if (either is null) report = Compress(invocation, model, planned, path, threads);
        else (path, report) = either.Write(invocation, model, invocation.Value(_output.Force), nnc => Compress(invocation, model, planned, nnc, threads));
        if (either is not null && path == either.Dcz) DescribeDcz(invocation, model, input.TotalBytes(model), path);
        else Describe(invocation, report, input.TotalBytes(model), path);
        search?.Describe();
        verdict?.JudgeResult(path, search);
    }

    private string ResolveOutput(Invocation invocation, string source)
    {
        string path = invocation.Value(_output.Path) ?? (source == "-" ? "-" : Path.ChangeExtension(source, ".nnc"));
        if (path == "-") invocation.ReserveStdout();
        invocation.Setting(_output.Path, path);
        _output.Check(invocation, path);
        if (invocation.Value(_savePlan) is not { } planPath) return path;
        _output.Check(invocation, planPath);
        if (path != "-" && PendingFile.TargetOf(planPath) == PendingFile.TargetOf(path)) throw CommandException.Usage($"-o and --save-plan both name {planPath}", "Name another file.");
        return path;
    }

    private SmallerContainer? ResolveContainer(Invocation invocation, string source)
    {
        if (invocation.Value(_container) is not CompressedContainer.Smaller) return null;
        _compression.CheckWhole(invocation, "--container smaller");
        if (invocation.Value(_savePlan) is not null) throw CommandException.Usage("--save-plan keeps how an NNC file was made, --container smaller may write another", "Drop one.");
        SmallerContainer either = new(invocation.Value(_output.Path) ?? Path.ChangeExtension(source, null));
        either.Check(invocation.Value(_output.Force));
        return either;
    }

    private FileVerdict OpenVerdict(Invocation invocation, string source, DataSource data, int threads, bool searches)
    {
        // A search looks at train data; where there is one set only, what it holds out is left for the verdict.
        DataSplit usual = searches && !data.HasTestSet ? DataSplit.Validation : DataSplit.Test;
        return new FileVerdict(invocation, source, data, _measure.Evaluation, usual, _measure.Memory.Budget(invocation), threads, _measure.IsLenient(invocation));
    }

    private PlannedLevels MakePlan(Invocation invocation, Model model, int threads, BudgetedPlan? search, FileVerdict? verdict)
    {
        if (search is not null) return verdict is null ? search.FindBySize() : verdict.FindPlan(search);
        verdict?.JudgeOriginal();
        return new PlannedLevels(_compression.MakePlan(invocation, model, threads));
    }

    private static CommandException NeedsData(CompressionPlan planned) => CommandException.Usage(
        planned.Tensors.Any(tensor => tensor.Compensated)
            ? "the plan's levels make up for one another's errors, which takes statistics of the data that it was made with"
            : "weighting and corrections take statistics of data", "Add --data SPEC.");

    private CompressionReport Compress(Invocation invocation, Model model, PlannedLevels planned, string path, int threads)
    {
        bool force = invocation.Value(_output.Force);
        using PendingFile? file = path == "-" ? null : new PendingFile(path, force);
        using Stream? stdout = file is null ? invocation.Terminal.OpenOutput() : null;
        CompressionReport report = ModelCompressor.Compress(
            model, planned.Plan, file?.Stream ?? stdout!, threads, invocation.Progress, planned.Statistics, invocation.Cancellation);
        stdout?.Flush();

        // Both or neither: a disk may be full for the plan alone.
        using PendingFile? plan = invocation.Value(_savePlan) is { } planPath ? OutputOptions.PrepareText(planPath, report.Plan.ToJson(), force) : null;
        file?.Commit();
        plan?.Commit();
        if (plan is not null && invocation.Json) invocation.Report.Outputs.Add((JsonNode)Report.DescribeFile(invocation.Value(_savePlan)!, invocation.Cancellation));
        return report;
    }

    private static void Describe(Invocation invocation, CompressionReport report, long inputBytes, string path)
    {
        foreach (string warning in report.Warnings) invocation.Warn(warning);
        foreach (TensorReport tensor in report.Tensors) invocation.Report.Tensors.Add((JsonNode)CompressionText.Fields(tensor));
        CompressionText.AddTotals(invocation.Report.Totals, report, inputBytes);

        // The model first, whatever else was written.
        if (invocation.Json) invocation.Report.Outputs.Insert(0, Report.DescribeFile(path, invocation.Cancellation));
        if (invocation.Quiet) return;
        invocation.Print(CompressionText.Table(report, inputBytes));
        invocation.Print(writer => writer.WriteLine($"{VisibleText.Escape(path)}: {ByteSize.Full(report.TotalBytes)}"));
    }

    private static void DescribeDcz(Invocation invocation, Model model, long inputBytes, string path)
    {
        long bytes = new FileInfo(path).Length;
        invocation.Report.Totals["tensors"] = model.Tensors.Count;
        invocation.Report.Totals["elements"] = model.Tensors.Sum(tensor => tensor.ElementCount);
        invocation.Report.Totals["bytes"] = bytes;
        invocation.Report.Totals["ratio"] = SortedJson.Number((double)inputBytes / bytes);
        if (invocation.Json) invocation.Report.Outputs.Insert(0, Report.DescribeFile(path, invocation.Cancellation));
        if (!invocation.Quiet) invocation.Print(writer => writer.WriteLine($"{VisibleText.Escape(path)}: {ByteSize.Full(bytes)}"));
    }

    private static void DescribePlan(Invocation invocation, CompressionPlan plan, Model model, string path, long memory)
    {
        invocation.Report["dryRun"] = true;
        invocation.Report["plan"] = JsonNode.Parse(plan.ToJson());
        invocation.Report.Totals["memoryBytes"] = memory;
        invocation.Print(CompressionText.Table(plan, model));
        string line = $"would write {VisibleText.Escape(path)}, with up to {ByteSize.Human(memory)} of memory for tensors at a time";
        invocation.Print(writer => writer.WriteLine(line));
    }
}
