using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Compression.Budgets.Searches;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Budgets.Searches;

public class PlanSearchTests
{
    private static readonly Lazy<BudgetTrial> BestForLoss = new(() => SyntheticTrials.Best(Loss));
    private static readonly Lazy<BudgetTrial> BestForSize = new(() => SyntheticTrials.Best(Size));

    public static TheoryData<string> Names => [.. PlanSearch.All.Select(search => search.Name)];

    private static SearchGoal Loss => SearchGoal.Loss(0.02);

    private static SearchGoal Size => SearchGoal.Size(2500);

    /// <summary>How far above the least bytes, and the least distance, of all plans the found ones may be: the line is not where the best plan is.</summary>
    [Theory]
    [InlineData("slope", 1.35, 3)]
    [InlineData("hull", 1.03, 1.1)]
    [InlineData("knapsack", 1.03, 1.1)]
    [InlineData("greedy", 1.1, 1.3)]
    [InlineData("coordinate", 1.06, 1.2)]
    [InlineData("evolution", 1.05, 1.15)]
    [InlineData("bayesian", 1.15, 1.5)]
    public void Search_ComesNearTheBestOfAllPlans(string name, double bytes, double distance)
    {
        BudgetTrial smallest = Run(name, Loss).Found!;
        Assert.True(Loss.Keeps(smallest));
        Assert.InRange(smallest.Bytes, BestForLoss.Value.Bytes, bytes * BestForLoss.Value.Bytes);

        BudgetTrial nearest = Run(name, Size).Found!;
        Assert.True(Size.Keeps(nearest));

        // Some ask for sizes alone.
        double found = new SyntheticTrials().Judge(nearest.Plan).Change!.Distance;
        Assert.InRange(found, BestForSize.Value.Change!.Distance, distance * BestForSize.Value.Change.Distance);
    }

    [Theory]
    [InlineData("greedy")]
    [InlineData("coordinate")]
    [InlineData("evolution")]
    [InlineData("bayesian")]
    public void Search_AroundTheSlope_FindsBetterThanTheSlope(string name) =>
        Assert.True(Run(name, Loss).Found!.Bytes < Run("slope", Loss).Found!.Bytes);

    [Theory]
    [MemberData(nameof(Names))]
    public void Search_TriesNoPlanTwice_NorMoreThanAllowed(string name)
    {
        foreach (int most in new[] { 1, 4, 30, 90 })
        {
            SyntheticTrials trials = new();
            SearchResult result = Run(name, Loss, trials, most);
            Assert.InRange(result.Trials.Count, 1, most);
            Assert.Equal(result.Trials.Count, result.Trials.Select(trial => trial.Plan.ToJson()).Distinct().Count());
            Assert.Equal(trials.Count, result.Evaluations);
            Assert.Equal(result.Trials.Count + result.Assessments, result.Evaluations);
            Assert.All(result.Trials, trial => Assert.True(Loss.Compare(result.Nearest!, trial) <= 0));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Search_ThatHasMoreTrials_FindsNothingWorse(string name)
    {
        BudgetTrial? last = null;
        foreach (int most in new[] { 3, 6, 12, 24, 48, 96 })
        {
            BudgetTrial nearest = Run(name, Loss, mostTrials: most).Nearest!;
            if (last is not null) Assert.True(Loss.Compare(nearest, last) <= 0);
            last = nearest;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Search_OfWhatCannotBe_NamesTheNearestMiss(string name)
    {
        SearchResult lossless = Run(name, SearchGoal.Loss(0));
        Assert.Null(lossless.Found);
        Assert.True(lossless.Nearest!.Change!.Lost > 0);

        SearchResult tiny = Run(name, SearchGoal.Size(20));
        Assert.Null(tiny.Found);
        Assert.Equal(SyntheticTrials.Best(SearchGoal.Size(20)).Bytes, tiny.Nearest!.Bytes);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Search_WithTheSameSeed_TakesTheSameWay(string name)
    {
        string[] first = Way(Run(name, Loss, seed: 3));
        Assert.Equal(first, Way(Run(name, Loss, seed: 3)));
        if (name is "evolution" or "bayesian") Assert.NotEqual(first, Way(Run(name, Loss, seed: 4)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Search_StoppedAnywhere_GoesOnToTheSameEnd(string name)
    {
        SearchResult whole = Run(name, Loss);
        foreach (int stopAt in new[] { 0, 1, whole.Evaluations / 3, whole.Evaluations - 1 })
        {
            using TemporaryFolder folder = new();
            JournalSubject subject = new("test", "m", "d");
            using CancellationTokenSource stop = new();
            SyntheticTrials trials = new()
            {
                Before = count =>
                {
                    if (count == stopAt) stop.Cancel();
                },
            };
            using (SearchJournal journal = SearchJournal.Open(folder["journal"], subject))
            {
                Assert.Throws<OperationCanceledException>(() => PlanSearch.All.Single(search => search.Name == name).Run(
                    new SearchProblem { Space = SyntheticTrials.Space, Goal = Loss, Trials = trials, Seed = 1, Journal = journal, CancellationToken = stop.Token }));
            }

            using SearchJournal again = SearchJournal.Open(folder["journal"], subject);
            Assert.Equal(stopAt, again.Count);
            SearchResult rest = Run(name, Loss, journal: again);
            Assert.Equal(whole.Evaluations - stopAt, rest.Evaluations);
            Assert.Equal(Way(whole), Way(rest));
            Assert.Equal(whole.Found!.Plan.ToJson(), rest.Found!.Plan.ToJson());
            Assert.Equal(whole.Found.Change, rest.Found.Change);
        }
    }

    /// <summary>Train samples that are known by heart are right up to some distance, and tell nothing before.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Search_OnLearnedSamples_TellsSmallLossesByDistances(string name)
    {
        SyntheticTrials trials = new() { Losing = distance => distance < 0.01 ? 0 : Math.Min(0.9, distance) };
        SearchResult result = Run(name, Learned(0.005), trials);
        BudgetTrial anchor = result.Goal.Anchor!;
        Assert.InRange(anchor.Change!.Top1Drop, 0.02 / 1.5, 0.02 * 1.5);

        // More samples than plans are judged on make what it tells surer: its standard error is a third.
        AnswerChange judged = result.Trials.Single(trial => ReferenceEquals(trial.Plan, anchor.Plan)).Change!;
        Assert.Equal(SyntheticTrials.WideFactor * judged.Samples, anchor.Change.Samples);
        Assert.Equal(judged.StandardError / 3, anchor.Change.StandardError, 1e-12);
        Assert.Equal(trials.Count, result.Evaluations);
        Assert.True(result.Found!.Change!.Lost == 0, "A plan that loses train samples loses too many others.");
        double expected = (anchor.Change.Top1Drop + anchor.Change.StandardError) * Math.Pow(result.Found.Change.Distance / anchor.Change.Distance, 1.1);
        Assert.Equal(expected, result.Goal.ExpectedLoss(result.Found), 1e-12);
        Assert.InRange(expected, 0.0015, 0.005);
        Assert.All(result.Trials, trial => Assert.True(result.Goal.Compare(result.Found, trial) <= 0));
    }

    [Fact]
    public void Search_MeasuresLosses_WhereDistancesDoNotTellThem()
    {
        Assert.Null(Run("slope", SearchGoal.LossOnTrained(0.005, 0.9, 0.99, distancesTell: false)).Goal.Anchor);
        Assert.Null(Run("slope", SearchGoal.LossOnTrained(0.005, 0.98, 0.985, distancesTell: true)).Goal.Anchor);
        Assert.Null(Run("slope", Learned(0.05)).Goal.Anchor);
        Assert.Null(Run("slope", Learned(0.005), new SyntheticTrials { Losing = distance => distance < 0.01 ? 0 : 0.5 }).Goal.Anchor);
        Assert.Null(Run("slope", Learned(0.005), mostTrials: 3).Goal.Anchor);
        Assert.Null(Run("slope", Learned(0.005), new SyntheticTrials { WideDistance = _ => double.NaN }).Goal.Anchor);
        BudgetTrial found = Run("slope", Learned(0.05)).Found!;
        Assert.Equal(found.Change!.Top1Drop + found.Change.StandardError, Learned(0.05).ExpectedLoss(found), 1e-12);
    }

    [Fact]
    public void Search_BySlope_LetsRatesCountForMoreBetweenPlansOfTheLine()
    {
        PlanSpace space = SyntheticTrials.RatedSpace;
        BudgetTrial[] line = [.. Enumerable.Range(0, SyntheticTrials.Places).Select(place => new SyntheticTrials().Judge(space.At(place)))];
        BudgetTrial smallest = Rated(Loss).Found!;
        Assert.True(Loss.Keeps(smallest));
        Assert.True(smallest.Bytes < line.Where(Loss.Keeps).Min(trial => trial.Bytes));

        BudgetTrial nearest = Rated(Size).Found!;
        Assert.InRange(nearest.Bytes, line.Where(Size.Keeps).Max(trial => trial.Bytes) + 1, 2500);

        static SearchResult Rated(SearchGoal goal) =>
            new SlopeSearch().Run(new SearchProblem { Space = SyntheticTrials.RatedSpace, Goal = goal, Trials = new SyntheticTrials() });
    }

    private static SearchGoal Learned(double mostLost) => SearchGoal.LossOnTrained(mostLost, rightOnNew: 0.9, rightOnTrained: 0.99, distancesTell: true);

    private static string[] Way(SearchResult result) => [.. result.Trials.Select(trial => trial.Plan.ToJson())];

    private static SearchResult Run(string name, SearchGoal goal, SyntheticTrials? trials = null, int? mostTrials = null, ulong seed = 1, SearchJournal? journal = null) =>
        PlanSearch.All.Single(search => search.Name == name).Run(
            new SearchProblem { Space = SyntheticTrials.Space, Goal = goal, Trials = trials ?? new SyntheticTrials(), MostTrials = mostTrials, Seed = seed, Journal = journal });
}
