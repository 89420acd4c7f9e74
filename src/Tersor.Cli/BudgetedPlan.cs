using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Compression.Calibration;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Cli;

/// <summary>The plan that keeps a budget, found by trials in memory: step sizes tensor by tensor where there are data, one quality for all where there are none.</summary>
internal sealed class BudgetedPlan
{
    // A network that has learned its train data by heart is right about them near its boundaries too: there every answer that changes is lost, where of new data about as
    // many wrong ones turn right. What new data lose of it was measured on the networks of docs/budgets.md.
    private const double ShareOfLearned = 0.8;
    private const double ErrorsOfLearned = 2;

    private readonly Invocation _invocation;
    private readonly Budget _budget;
    private readonly Model _model;
    private readonly PlanOptions _options;
    private readonly int _threads;
    private int _tensorTrials;

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
    public PlannedLevels FindBySize() => new(FindSmallEnough(PlanFamily.OfQualities(_model, _options, _threads), curvatures: null).Plan);

    /// <summary>Searches with data: the train part of them, of which a sample is drawn by the seed.</summary>
    /// <param name="original">The model as a network.</param>
    /// <param name="source">The data.</param>
    /// <param name="evaluation">How samples become inputs.</param>
    /// <param name="before">The fraction of right answers that the original gives on the data of the verdict.</param>
    /// <param name="memory">Bounds the train data.</param>
    /// <exception cref="CommandException">No plan keeps the budget; the nearest miss is named.</exception>
    /// <exception cref="ResourceLimitException">The train data take more memory than is left.</exception>
    public PlannedLevels Find(ExecutableModel original, DataSource source, EvaluationOptions evaluation, double before, MemoryBudget memory)
    {
        double mostLost = _budget.DropFrom(before);
        using KernelThreads kernels = new(Math.Min(_threads, KernelThreads.MaxCount));
        SearchSpace space = new(_invocation, original, _model, _options, source, evaluation, memory, kernels, _threads);
        _tensorTrials = space.TensorTrials;
        return new PlannedLevels((_budget.MaxBytes is null ? FindAccurateEnough(space, mostLost, before) : FindSmallEnough(space.Family, space.Curvatures)).Plan, space.Curvatures);
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

    private static string Points(double fraction) => $"{Numbers.Signed(fraction * 100, 2)} points";

    private BudgetTrial FindAccurateEnough(SearchSpace space, double mostLost, double before)
    {
        SampleSet judged = space.DrawTraining(CalibrationSamples.ForJudging(OnnxGraph.FromModel(_model)));
        AnswerComparison answers = space.AnswersTo(judged);
        PlanTrials trials = space.TrialsWith(answers);
        double share = (1 - before) > ErrorsOfLearned * (1 - answers.Top1Before) ? ShareOfLearned : 1;
        BudgetSearch search = new(space.Family, Counted(plan => trials.Try(_model, plan, _invocation.Cancellation)));

        // What was measured on some samples is off by chance: a standard error is left for it.
        BudgetTrial? found = search.Coarsest(trial => share * (trial.Change!.Top1Drop + trial.Change.StandardError) <= mostLost);
        Report(search);
        if (found is null)
        {
            AnswerChange nearest = search.Trials.First().Change!;
            throw Missed(
                $"the finest plan loses {Points(nearest.Top1Drop)} with a standard error of {Points(nearest.StandardError)}, {_budget.Option} leaves {Points(mostLost)}",
                "Allow more, or try --lossless.");
        }

        _invocation.Note(
            $"{(_tensorTrials == 0 ? "" : $"{Numbers.Count(_tensorTrials)} trials of single tensors, ")}{Numbers.Count(search.Trials.Count)} of whole plans on "
            + $"{Numbers.Count(judged.Count)} samples of {judged.Name}: drop {Points(found.Change!.Top1Drop)} there");
        return found;
    }

    private BudgetTrial FindSmallEnough(PlanFamily family, IReadOnlyDictionary<string, RowCurvature>? curvatures)
    {
        BudgetSearch search = new(family, Counted(plan => PlanTrials.TrySize(_model, plan, curvatures, _threads, _invocation.Cancellation)));
        BudgetTrial? found = search.Finest(trial => trial.Bytes <= _budget.MaxBytes);
        Report(search);
        if (found is not null) return found;
        throw Missed(
            $"the coarsest plan takes {ByteSize.Exact(search.Trials.Last().Bytes)} bytes, {_budget.Option} allows {ByteSize.Exact(_budget.MaxBytes!.Value)}",
            "Allow more, or take a smaller network.");
    }

    private Func<CompressionPlan, BudgetTrial> Counted(Func<CompressionPlan, BudgetTrial> attempt)
    {
        int tried = 0;
        return plan =>
        {
            _invocation.Progress.Report("search", _model.Source, tried++, 0, count => $"{Numbers.Count(count)} plans");
            return attempt(plan);
        };
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

        _invocation.Report["search"] = new JsonObject { ["tensorTrials"] = _tensorTrials, ["plans"] = trials };
    }
}
