namespace Tersor.Plans;

/// <summary>The settings asked for are impossible or do not fit the model. Holds every problem, not only the first.</summary>
public sealed class PlanException : Exception
{
    // More would bury the first.
    private const int MostNamed = 5;

    /// <summary>Joins the problems into one message, which names the first of them and counts the others.</summary>
    /// <param name="problems">One line each, with its mend where there is one.</param>
    /// <param name="subject">What has the problems, such as the file; null where they say it.</param>
    /// <param name="inner">What told of the problem.</param>
    public PlanException(IReadOnlyList<string> problems, string? subject = null, Exception? inner = null)
        : base(Line(problems, subject), inner) => Problems = problems;

    /// <summary>One line per problem, each with its mend where there is one.</summary>
    public IReadOnlyList<string> Problems { get; }

    private static string Line(IReadOnlyList<string> problems, string? subject)
    {
        string named = string.Join("; ", problems.Take(MostNamed)) + (problems.Count > MostNamed ? $"; and {problems.Count - MostNamed} more" : "");
        return subject is null ? named : $"{subject}: {named}";
    }
}
