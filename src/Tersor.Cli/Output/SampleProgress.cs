namespace Tersor.Cli.Output;

/// <summary>Shows how many samples of a data set a model has seen.</summary>
/// <param name="reporter">Where it shows.</param>
/// <param name="phase">What is being done, such as <c>evaluate</c>.</param>
/// <param name="item">The model.</param>
/// <param name="total">Samples in all.</param>
internal sealed class SampleProgress(ProgressReporter reporter, string phase, string item, int total) : IProgress<int>
{
    /// <inheritdoc/>
    public void Report(int value) => reporter.Report(phase, item, value, total, count => $"{Numbers.Count(count)} samples");
}
