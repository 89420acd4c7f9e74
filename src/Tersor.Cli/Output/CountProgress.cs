namespace Tersor.Cli.Output;

/// <summary>Shows how many of a known number of things are done.</summary>
/// <param name="reporter">Where it shows.</param>
/// <param name="phase">What is being done, such as <c>evaluate</c>.</param>
/// <param name="item">The model.</param>
/// <param name="total">How many there are.</param>
/// <param name="things">What they are called.</param>
internal sealed class CountProgress(ProgressReporter reporter, string phase, string item, int total, string things = "samples") : IProgress<int>
{
    /// <inheritdoc/>
    public void Report(int value) => reporter.Report(phase, item, value, total, count => $"{Numbers.Count(count)} {things}");
}
