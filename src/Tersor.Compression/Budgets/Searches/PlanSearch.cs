using System.Diagnostics;

namespace Tersor.Compression.Budgets.Searches;

/// <summary>A way to look for the plan that serves best among all those of a space. What it finds depends on the problem alone: not on threads, and not on where an earlier run stopped.</summary>
public abstract class PlanSearch
{
    /// <summary>All searches, the default first.</summary>
    public static IReadOnlyList<PlanSearch> All { get; } =
    [
        new SlopeSearch(),
        new HullSearch(),
        new KnapsackSearch(),
        new GreedySearch(),
        new CoordinateSearch(),
        new EvolutionSearch(),
        new BayesianSearch(),
    ];

    /// <summary>The one that experiments show best (docs/budgets.md).</summary>
    public static PlanSearch Default => All[0];

    /// <summary>What it is called, such as <c>slope</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it does, in a line.</summary>
    public abstract string Description { get; }

    /// <summary>Runs the search.</summary>
    /// <param name="problem">What is looked for, and where.</param>
    /// <exception cref="OperationCanceledException">It was stopped; finished trials are in the journal.</exception>
    public SearchResult Run(SearchProblem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        long started = Stopwatch.GetTimestamp();
        SearchRun run = new(problem, problem.MostTrials ?? UsualTrials(problem.Space));
        run.FindAnchor();
        Explore(run);
        return new SearchResult
        {
            Goal = run.Goal,
            Found = run.Best is { } best && run.Goal.Keeps(best) ? best : null,
            Nearest = run.Best,
            Trials = run.Trials,
            Assessments = run.Assessments,
            Evaluations = run.Evaluations,
            Time = Stopwatch.GetElapsedTime(started),
        };
    }

    /// <summary>Whole plans that it tries unless it is told how many, where it does not end by itself.</summary>
    protected virtual int UsualTrials(PlanSpace space) => int.MaxValue;

    /// <summary>Tries plans until nothing better is to be expected, or no trial is left. The best one that was tried is the answer.</summary>
    protected abstract void Explore(SearchRun run);
}
