namespace Tersor.Cli.Tests;

/// <summary>Files of the repository that tests read.</summary>
internal static class RepositoryFile
{
    /// <summary>The sample model.</summary>
    public static string Lenet5 => Find("samples/lenet5.onnx");

    /// <summary>A file by its path from the repository's root.</summary>
    public static string Find(string relativePath)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Tersor.slnx"))) return Path.Combine(folder.FullName, relativePath);
        }

        throw new DirectoryNotFoundException("The repository root (Tersor.slnx) is not above the test binaries.");
    }
}
