using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Compression.Budgets.Searches;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Cli;

/// <summary>The plan that keeps a budget, found by trials in memory: step sizes tensor by tensor where there are data, one quality for all where there are none.</summary>
internal sealed class BudgetedPlan
{
    private readonly Invocation _invocation;
    private readonly Budget _budget;
    private readonly Model _model;
    private readonly PlanOptions _options;
    private readonly int _threads;
    private SearchText? _text;

    /// <summary>Takes what is to be compressed and what it may cost.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="budget">What the user can afford, and how it is searched for.</param>
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
    public PlannedLevels FindBySize()
    {
        PlanLine line = _options.ErrorBound is null ? new QualityLine(_model, _options, _threads) : new ErrorBoundLine(PlanBuilder.Build(_model, _options, _threads));
        using SearchJournal? journal = OpenJournal(() => SearchSpace.Describe(_model, "none"));
        SearchProblem problem = new()
        {
            Space = new PlanSpace(line, []),
            Goal = SearchGoal.Size(_budget.MaxBytes!.Value),
            Trials = new SizeTrials(new Codec.RepeatedCompression(_model, _threads)),
            MostTrials = _budget.MostTrials,
            Journal = journal,
            Progress = new SearchDisplay(_invocation, _model.Source),
            CancellationToken = _invocation.Cancellation,
        };
        return new PlannedLevels(Run(PlanSearch.Default, problem).Found.Plan);
    }

    /// <summary>Searches with data: the train part of them, of which a sample is drawn by the seed.</summary>
    /// <param name="network">The model as a network.</param>
    /// <param name="source">The data.</param>
    /// <param name="verdict">The samples that the file is judged on.</param>
    /// <param name="evaluation">How samples become inputs.</param>
    /// <param name="before">The fraction of right answers that the original gives on the data of the verdict.</param>
    /// <param name="memory">Bounds train data, statistics and what is kept between trials.</param>
    /// <exception cref="CommandException">No plan keeps the budget; the nearest miss is named.</exception>
    /// <exception cref="ResourceLimitException">They take more memory than is left.</exception>
    public PlannedLevels Find(ExecutableModel network, DataSource source, SampleSet verdict, EvaluationOptions evaluation, double before, MemoryBudget memory)
    {
        double mostLost = _budget.DropFrom(before);
        using KernelThreads kernels = new(Math.Min(_threads, KernelThreads.MaxCount));
        SearchSpace space = new(new MeasuredModel(_invocation, network, _model, source, verdict, evaluation, memory, kernels, _threads), _options, _budget.Search is null or SlopeSearch);
        SampleSet judged = space.DrawJudged();
        AnswerComparison answers = space.AnswersTo(judged);
        using PlanTrials trials = space.TrialsWith(answers);
        using SearchJournal? journal = OpenJournal(() => space.DescribeTrials(judged));
        SearchProblem problem = new()
        {
            Space = space.Plans,
            Goal = _budget.MaxBytes is long most ? SearchGoal.Size(most) : SearchGoal.LossOnTrained(mostLost, before, answers.Top1Before, distancesTell: !answers.AreProbabilities),
            Trials = trials,
            Seed = source.Seed,
            MostTrials = _budget.MostTrials,
            Journal = journal,
            Progress = new SearchDisplay(_invocation, _model.Source),
            CancellationToken = _invocation.Cancellation,
        };
        (BudgetTrial found, SearchGoal goal) = Run(_budget.Search ?? (space.LacksGradients ? new HullSearch() : PlanSearch.Default), problem);
        if (found.Change is { } change && answers.Classifies)
            _invocation.Note($"drop {Points(change.Top1Drop)} on {Numbers.Count(judged.Count)} samples of {judged.Name}; {Points(goal.ExpectedLoss(found))} expected of new ones");
        return new PlannedLevels(found.Plan, trials.StatisticsFor(found.Plan, _invocation.Cancellation));
    }

    /// <summary>Prints what the search tried, and how long it took.</summary>
    public void Describe()
    {
        if (_text is not null && !_invocation.Quiet) _invocation.Print(_text.Table());
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

    private SearchJournal? OpenJournal(Func<JournalSubject> describe)
    {
        if (_budget.Journal is not { } path) return null;
        SearchJournal journal = SearchJournal.Open(path, describe());
        if (journal.Count > 0) _invocation.Note($"{path}: goes on with {Numbers.Count(journal.Count)} trials");
        return journal;
    }

    private (BudgetTrial Found, SearchGoal Goal) Run(PlanSearch search, SearchProblem problem)
    {
        SearchResult result;
        try
        {
            result = search.Run(problem);
        }
        catch (OperationCanceledException) when (problem.Journal is { } journal)
        {
            _invocation.Note($"{_budget.Journal}: holds {Numbers.Count(journal.Count)} trials, with which the same command goes on");
            throw;
        }

        _text = new SearchText(search, result);
        _invocation.Report["search"] = _text.Fields();
        if (result.Found is { } found) return (found, result.Goal);
        Describe();
        throw Missed(result.Goal, result.Nearest);
    }

    private CommandException Missed(SearchGoal goal, BudgetTrial? nearest)
    {
        if (nearest is null) return new CommandException(ExitCode.GoalNotMet, "budget-missed", $"{_model.Source}: no plan was tried", "Allow more --trials.");
        if (goal.MostBytes is long most)
        {
            return new CommandException(
                ExitCode.GoalNotMet, "budget-missed", $"{_model.Source}: the nearest plan takes {ByteSize.Exact(nearest.Bytes)} bytes, {_budget.Option} allows {ByteSize.Exact(most)}",
                "Allow more, or take a smaller network.");
        }

        return new CommandException(
            ExitCode.GoalNotMet,
            "budget-missed",
            $"{_model.Source}: the nearest plan is expected to lose {Points(goal.ExpectedLoss(nearest))}, {_budget.Option} leaves {Points(goal.MostLost)}",
            "Allow more, or try --lossless.");
    }
}
