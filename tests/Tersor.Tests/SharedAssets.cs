namespace Tersor.Tests;

/// <summary>The reference material that may lie beside the repository; tests that use it skip where it does not.</summary>
internal static class SharedAssets
{
    public static string? Root { get; } = Find();

    public static string Require(string relativePath)
    {
        string? path = Root is null ? null : Path.Combine(Root, relativePath);
        Skip.If(path is null || !(File.Exists(path) || Directory.Exists(path)), $"shared/{relativePath} is not there");
        return path!;
    }

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Tersor.slnx"))) continue;
            string shared = Path.Combine(folder.FullName, "..", "shared");
            return Directory.Exists(shared) ? Path.GetFullPath(shared) : null;
        }

        return null;
    }
}
