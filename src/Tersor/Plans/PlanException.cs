namespace Tersor.Plans;

/// <summary>The settings asked for are impossible or do not fit the model. Lists every problem, not only the first.</summary>
public sealed class PlanException : Exception
{
    /// <summary>Joins the problems into one message.</summary>
    public PlanException(IReadOnlyList<string> problems, Exception? inner = null)
        : base(string.Join("; ", problems), inner) => Problems = problems;

    /// <summary>One line per problem, each with its mend where there is one.</summary>
    public IReadOnlyList<string> Problems { get; }
}
