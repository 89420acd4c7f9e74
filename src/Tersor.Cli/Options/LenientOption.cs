using System.CommandLine;

namespace Tersor.Cli.Options;

/// <summary><c>--lenient</c>, the same wherever models are read.</summary>
internal static class LenientOption
{
    /// <summary>A new option for one verb.</summary>
    public static Option<bool> Create() => new("--lenient") { Description = "Tolerate what other readers tolerate, and say what was tolerated." };
}
