using System.Text.RegularExpressions;

namespace Tersor.Cli.Options;

/// <summary>What <c>--include</c> and <c>--exclude</c> came to.</summary>
/// <param name="Names">The names that are included and not excluded.</param>
/// <param name="Include">The patterns of <c>--include</c>; none includes all.</param>
/// <param name="Exclude">The patterns of <c>--exclude</c>.</param>
internal sealed record TensorSelection(IReadOnlySet<string> Names, IReadOnlyList<Regex> Include, IReadOnlyList<Regex> Exclude);
