using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Cli;

/// <summary>The plan that keeps a budget, found by trials in memory: step sizes tensor by tensor where there are data, one quality for all where there are none.</summary>
internal sealed class BudgetedPlan
{
    // Of these the search judges whole plans by accuracy, and single tensors by the distance of outputs, which says more per sample and adds up.
    private const int JudgedSamples = 5000;
    private const int AssessedSamples = 256;

    private readonly Invocation _invocation;
    private readonly Budget _budget;
    private readonly Model _model;
    private readonly PlanOptions _options;
    private readonly int _threads;
    private int _assessments;

    /// <summary>Takes what is to be compressed and what it may cost.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="budget">What the user can afford.</param>
    /// <param name="model">The model.</param>
    /// <param name="options">All but the step sizes.</param>
    /// <param name="threads">Tensors compressed side by side.</param>
    public BudgetedPlan(Invocation invocation, Budget budget, Model model, PlanOptions options, int threads)
    {
        (_invocation, _budget, _model, _options, _threads) = (invocation, budget, model, options, threads);
    }

    /// <summary>Makes sure that data can say whether the budget is kept.</summary>
    /// <param name="source">The data.</param>
    /// <param name="classify">Whether they have classes.</param>
    /// <exception cref="CommandException">The budget is an accuracy and the data have targets.</exception>
    public void CheckData(DataSource source, bool classify)
    {
        if (_budget.MaxBytes is null && !classify) throw CommandException.Usage($"{_budget.Option} counts classes, {source.Specification} has targets", "State a --max-size.");
    }

    /// <summary>Searches without data.</summary>
    /// <exception cref="CommandException">Not even the lowest quality is small enough.</exception>
    public CompressionPlan FindBySize()
    {
        BudgetSearch search = new(
            PlanFamily.OfQualities(_model, _options, _threads), plan => PlanTrials.TrySize(_model, plan, _threads, _invocation.Cancellation));
        return FindSmallEnough(search).Plan;
    }

    /// <summary>Searches with data: the train part of them, of which a sample is drawn by the seed.</summary>
    /// <param name="original">The model as a network.</param>
    /// <param name="source">The data.</param>
    /// <param name="evaluation">How samples become inputs.</param>
    /// <param name="before">The fraction of right answers that the original gives on the data of the verdict.</param>
    /// <param name="memory">Bounds the train data.</param>
    /// <exception cref="CommandException">No plan keeps the budget; the nearest miss is named.</exception>
    /// <exception cref="ResourceLimitException">The train data take more memory than is left.</exception>
    public CompressionPlan Find(ExecutableModel original, DataSource source, EvaluationOptions evaluation, double before, MemoryBudget memory)
    {
        double mostLost = _budget.DropFrom(before);
        (SampleSet train, _) = source.LoadTraining();
        memory.Take(train.MemoryBytes, $"the train samples of {source.Specification}");
        SampleSet judged = Some(train, JudgedSamples, source.Seed);
        Preprocessing preprocessing = evaluation.PreprocessingFor(_invocation, original, judged);
        using KernelThreads kernels = new(Math.Min(_threads, KernelThreads.MaxCount));
        HullFamily family = Assess(original, Some(judged, AssessedSamples, source.Seed), preprocessing, kernels);

        AnswerComparison answers = new(original.Graph, judged, preprocessing, kernels, cancellationToken: _invocation.Cancellation);
        PlanTrials trials = new(original.Graph, answers, _threads);
        int tried = 0;
        BudgetSearch search = new(family, plan =>
        {
            _invocation.Progress.Report("search", _model.Source, tried++, 0, count => $"{Numbers.Count(count)} plans");
            return _budget.MaxBytes is null ? trials.Try(_model, plan, _invocation.Cancellation) : PlanTrials.TrySize(_model, plan, _threads, _invocation.Cancellation);
        });
        BudgetTrial found = _budget.MaxBytes is null ? FindAccurateEnough(search, mostLost) : FindSmallEnough(search);
        _invocation.Note(
            $"{Numbers.Count(_assessments)} trials of single tensors on {Numbers.Count(Math.Min(AssessedSamples, judged.Count))} samples of {train.Name}, "
            + $"{Numbers.Count(search.Trials.Count)} of whole plans on {Numbers.Count(judged.Count)}{(found.Change is null ? "" : $": drop {Points(found.Change.Top1Drop)} there")}");
        return found.Plan;
    }

    /// <summary>Says whether the file keeps an accuracy on the data of the verdict, which the search has not seen.</summary>
    /// <param name="change">From the original to what is decoded from the file.</param>
    /// <param name="before">The fraction of right answers of the original.</param>
    /// <exception cref="CommandException">It does not.</exception>
    public void Judge(AnswerChange change, double before)
    {
        double mostLost = _budget.DropFrom(before);
        double margin = 1.96 * change.StandardError;
        bool keeps = change.Top1Drop <= mostLost;
        _invocation.Report["verdict"] = new JsonObject
        {
            ["drop"] = change.Top1Drop,
            ["dropLow"] = change.Top1Drop - margin,
            ["dropHigh"] = change.Top1Drop + margin,
            ["samples"] = change.Samples,
            ["keepsBudget"] = keeps,
        };
        string line = $"drop of top-1: {Points(change.Top1Drop)} (95 % interval {Numbers.Signed((change.Top1Drop - margin) * 100, 2)} to {Numbers.Signed((change.Top1Drop + margin) * 100, 2)})";
        _invocation.Print(writer => writer.WriteLine(line));
        if (keeps) return;
        throw new CommandException(
            ExitCode.GoalNotMet, "budget-missed", $"the file loses {Points(change.Top1Drop)} on data that the search did not see, {_budget.Option} allows {Points(mostLost)}",
            "It is written all the same; state a smaller drop to search with a margin.");
    }

    private static SampleSet Some(SampleSet samples, int count, ulong seed) => samples.Count <= count ? samples : samples.HoldOut(count, seed).Part;

    private static string Points(double fraction) => $"{Numbers.Signed(fraction * 100, 2)} points";

    private HullFamily Assess(ExecutableModel original, SampleSet samples, Preprocessing preprocessing, KernelThreads kernels)
    {
        CompressionPlan plan = PlanBuilder.Build(_model, _options, _threads, _invocation.Progress, _invocation.Cancellation);
        AnswerComparison answers = new(original.Graph, samples, preprocessing, kernels, cancellationToken: _invocation.Cancellation);
        CountProgress progress = new(_invocation.Progress, "assess", original.Path, SensitivityAssessment.TrialCount(_model, plan), "trials");
        IReadOnlyList<TensorAssessment> assessments = SensitivityAssessment.Run(
            _model, plan, new PlanTrials(original.Graph, answers, _threads), progress, _invocation.Cancellation);
        _assessments = assessments.Sum(tensor => tensor.Steps.Count);
        return new HullFamily(plan, assessments);
    }

    private BudgetTrial FindAccurateEnough(BudgetSearch search, double mostLost)
    {
        // What was measured on some samples is off by chance: a standard error is left for it.
        BudgetTrial? found = search.Coarsest(trial => trial.Change!.Top1Drop + trial.Change.StandardError <= mostLost);
        Report(search);
        if (found is not null) return found;
        AnswerChange nearest = search.Trials.First().Change!;
        throw Missed(
            $"the finest plan loses {Points(nearest.Top1Drop)} with a standard error of {Points(nearest.StandardError)}, {_budget.Option} leaves {Points(mostLost)}",
            "Allow more, or try --lossless.");
    }

    private BudgetTrial FindSmallEnough(BudgetSearch search)
    {
        BudgetTrial? found = search.Finest(trial => trial.Bytes <= _budget.MaxBytes);
        Report(search);
        if (found is not null) return found;
        throw Missed(
            $"the coarsest plan takes {ByteSize.Exact(search.Trials.Last().Bytes)} bytes, {_budget.Option} allows {ByteSize.Exact(_budget.MaxBytes!.Value)}",
            "Allow more, or take a smaller network.");
    }

    private CommandException Missed(string problem, string hint) => new(ExitCode.GoalNotMet, "budget-missed", $"{_model.Source}: {problem}", hint);

    private void Report(BudgetSearch search)
    {
        JsonArray trials = [];
        foreach (BudgetTrial trial in search.Trials)
        {
            JsonObject fields = new() { ["bytes"] = trial.Bytes };
            if (trial.Change is { } change) (fields["drop"], fields["divergence"], fields["agreement"]) = (change.Top1Drop, SortedJson.Number(change.Divergence), change.Agreement);
            trials.Add((JsonNode)fields);
        }

        _invocation.Report["search"] = new JsonObject { ["tensorTrials"] = _assessments, ["plans"] = trials };
    }
}
