using Tersor.Engine.Training;

namespace Tersor.Compression.Budgets.Searches;

/// <summary>
/// A population around the slope's plan: children take each group from one of two parents, one or two groups move at random, and of parents and children the best stay. Plans that
/// keep the goal beat those that do not, whatever these save (Deb 2000).
/// </summary>
public sealed class EvolutionSearch : PlanSearch
{
    private const int Parents = 8;
    private const int Children = 8;
    private const int Generations = 20;

    // Steps by which a group moves at most: an octave.
    private const int LongestMove = 4;

    /// <inheritdoc/>
    public override string Name => "evolution";

    /// <inheritdoc/>
    public override string Description => "let plans around the slope's mutate and cross, and keep the best";

    /// <inheritdoc/>
    protected override int UsualTrials(PlanSpace space) => SlopeSearch.LineTrials + Parents + (Children * Generations);

    /// <inheritdoc/>
    protected override void Explore(SearchRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.Space.Groups.Count == 0 || SlopeSearch.FindOnLine(run) is not { } edge) return;
        RandomStream random = new(run.Seed, "evolution");
        GroupSetting[] first = [.. run.Space.Groups.Select(_ => new GroupSetting(edge))];
        if (run.Try(first) is not { } trial) return;
        List<Individual> population = [new Individual(first, trial)];
        for (int generation = 0; generation <= Generations; generation++)
        {
            int count = generation == 0 ? Parents : Children;
            List<Individual> children = [];
            for (int i = 0; i < count; i++)
            {
                GroupSetting[] settings = Cross(population, ref random);
                Mutate(run.Space, settings, ref random);
                if (run.Try(settings) is not { } tried) return;
                children.Add(new Individual(settings, tried));
            }

            // The sort keeps parents before children that are no better.
            population = [.. population.Concat(children).DistinctBy(individual => individual.Trial).OrderBy(individual => individual.Trial, Comparer<BudgetTrial>.Create(run.Goal.Compare)).Take(Parents)];
        }
    }

    private static GroupSetting[] Cross(List<Individual> population, ref RandomStream random)
    {
        Individual first = population[random.NextInt(population.Count)];
        Individual second = population[random.NextInt(population.Count)];
        GroupSetting[] settings = [.. first.Settings];
        for (int group = 0; group < settings.Length; group++)
        {
            if (random.NextInt(2) == 0) settings[group] = second.Settings[group];
        }

        return settings;
    }

    private static void Mutate(PlanSpace space, GroupSetting[] settings, ref RandomStream random)
    {
        int count = 1 + random.NextInt(2);
        for (int i = 0; i < count; i++)
        {
            int group = random.NextInt(settings.Length);
            int steps = (1 + random.NextInt(LongestMove)) * (random.NextInt(2) == 0 ? -1 : 1);
            settings[group] = settings[group] with { Place = space.Clamp(settings[group].Place + (steps * space.PlacesPerStep)) };
        }

        // A step of all groups at once goes along the line.
        int along = (random.NextInt(3) - 1) * Math.Max(1, space.PlacesPerStep / 2);
        foreach (ref GroupSetting setting in settings.AsSpan()) setting = setting with { Place = space.Clamp(setting.Place + along) };
    }

    private sealed record Individual(GroupSetting[] Settings, BudgetTrial Trial);
}
