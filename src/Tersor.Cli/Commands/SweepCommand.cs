using System.CommandLine;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Compression.Budgets;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Plans;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor sweep MODEL --data SPEC</c>: what each size of the file costs in accuracy, as a table and as pictures.</summary>
internal sealed class SweepCommand : Verb
{
    private const int DefaultPoints = 12;

    private readonly Argument<string> _model = new("MODEL") { Description = "A model with a network, of any readable format." };
    private readonly Option<int?> _points = ValueOption.Integer("--points", $"Plans that are tried, from fine to coarse; {DefaultPoints} if not given.", 2, 200);
    private readonly Option<string?> _csv = new("--csv") { Description = "Write the table to this file, as comma-separated values.", HelpName = "FILE" };
    private readonly Option<string?> _svg = new("--svg") { Description = "Draw sizes and losses to this file, as SVG.", HelpName = "FILE" };
    private readonly Option<bool> _force = new("--force") { Description = "Replace files that exist." };
    private readonly MeasureOptions _measure = new(required: true);

    public SweepCommand()
        : base("sweep", "Show what each size costs in accuracy: the plans that tersor compress --max-drop chooses from, from fine to coarse.")
    {
        Add(_model);
        foreach (Option option in new Option[] { _points, _csv, _svg, _force }) Add(option);
        _measure.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        _measure.Memory.Apply(invocation);
        MemoryBudget memory = _measure.Memory.Budget(invocation);
        foreach (string output in new[] { invocation.Value(_csv), invocation.Value(_svg) }.OfType<string>()) OutputOptions.Check(output, invocation.Value(_force));
        DataSource source = _measure.Evaluation.Resolve(invocation)!;
        string path = invocation.Value(_model);
        if (path == "-") throw CommandException.Usage("a sweep reads its model twice, which stdin cannot", "Name a file.");
        int threads = _measure.Threads(invocation);
        using ExecutableModel original = new(invocation, path, graphPath: null, memory, threads, _measure.IsLenient(invocation));
        original.CheckApart(invocation.Value(_csv), invocation.Value(_svg));
        using KernelThreads kernels = new(Math.Min(threads, KernelThreads.MaxCount));
        SampleSet samples = _measure.Evaluation.Load(invocation, source, memory, source.HasTestSet ? DataSplit.Test : DataSplit.Validation);
        SearchSpace space = new(new MeasuredModel(invocation, original, original.Weights, source, samples, _measure.Evaluation, memory, kernels, threads), new PlanOptions(), tunes: true);
        SweepText text = new(samples, original.FileBytes, original.Weights.Tensors.Sum(tensor => tensor.ElementCount), Try(invocation, space, original, samples));
        if (invocation.Value(_csv) is { } csv) OutputOptions.WriteText(invocation, csv, text.Csv(), invocation.Value(_force));
        if (invocation.Value(_svg) is { } svg) OutputOptions.WriteText(invocation, svg, text.Picture(Path.GetFileName(path)), invocation.Value(_force));
        text.Report(invocation.Report);
        invocation.Print(text.Table());
        invocation.Print(text.Draw);
    }

    private List<BudgetTrial> Try(Invocation invocation, SearchSpace space, ExecutableModel original, SampleSet samples)
    {
        using PlanTrials trials = space.TrialsWith(space.AnswersTo(samples));
        PlanFamily family = space.LacksGradients
            ? new HullFamily(space.Plans, SensitivityAssessment.Run(space.Plans, plan => trials.Assess(plan, invocation.Cancellation)))
            : space.Plans.Line;
        int[] indices = family.Spread(invocation.Value(_points) ?? DefaultPoints);
        List<BudgetTrial> tried = [];
        foreach (int index in indices)
        {
            invocation.Progress.Report("sweep", original.Path, tried.Count, indices.Length, count => $"{Numbers.Count(count)} plans");
            tried.Add(trials.Judge(family.At(index), invocation.Cancellation));
        }

        return tried;
    }
}
