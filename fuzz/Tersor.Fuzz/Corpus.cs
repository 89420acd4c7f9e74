namespace Tersor.Fuzz;

/// <summary>The seed files of the repository: <c>fuzz/corpus/TARGET/*</c>, small valid files and inputs that once broke something.</summary>
public static class Corpus
{
    /// <summary>The files of a target, in order of name.</summary>
    /// <exception cref="DirectoryNotFoundException">The program does not run inside the repository.</exception>
    public static IReadOnlyList<string> Files(FuzzTarget target)
    {
        string folder = Path.Combine(Folder(), target.Name);
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)] : [];
    }

    private static string Folder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Tersor.slnx"))) return Path.Combine(folder.FullName, "fuzz", "corpus");
        }

        throw new DirectoryNotFoundException("The repository root (Tersor.slnx) is not above the program.");
    }
}
