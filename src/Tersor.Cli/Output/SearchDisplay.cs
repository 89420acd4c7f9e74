using Tersor.Compression.Budgets;

namespace Tersor.Cli.Output;

/// <summary>Shows how far a search is: how many of the single tensors, then how many plans.</summary>
/// <param name="invocation">The run.</param>
/// <param name="item">The model.</param>
internal sealed class SearchDisplay(Invocation invocation, string item) : IProgress<SearchProgress>
{
    /// <inheritdoc/>
    public void Report(SearchProgress value)
    {
        if (value.Assessed < value.ToAssess) invocation.Progress.Report("assess", item, value.Assessed, value.ToAssess, count => $"{Numbers.Count(count)} trials");
        else invocation.Progress.Report($"search, {Numbers.Count(value.Plans)} plans tried:", item, 0, 0, Numbers.Count);
    }
}
