namespace Tersor.Tests;

/// <summary>The reference material that may lie beside the repository; tests that use it skip where it does not.</summary>
internal static class SharedAssets
{
    /// <summary>The folder of the solution.</summary>
    public static string RepositoryRoot { get; } = FindRepository();

    public static string? Root { get; } = Find();

    public static string Require(string relativePath)
    {
        string? path = Root is null ? null : Path.Combine(Root, relativePath);
        Skip.If(path is null || !(File.Exists(path) || Directory.Exists(path)), $"shared/{relativePath} is not there");
        return path!;
    }

    private static string FindRepository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Tersor.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException("The tests run outside the repository.");
    }

    private static string? Find()
    {
        string shared = Path.Combine(RepositoryRoot, "..", "shared");
        return Directory.Exists(shared) ? Path.GetFullPath(shared) : null;
    }
}
