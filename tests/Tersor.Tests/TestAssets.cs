namespace Tersor.Tests;

/// <summary>Golden files of the repository, under <c>tests/assets</c>; a README beside them says how each was made.</summary>
internal static class TestAssets
{
    public static string Path(string relativePath)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Tersor.slnx")))
                return System.IO.Path.Combine(folder.FullName, "tests", "assets", relativePath);
        }

        throw new DirectoryNotFoundException("The repository root (Tersor.slnx) is not above the test binaries.");
    }

    public static byte[] Bytes(string relativePath) => File.ReadAllBytes(Path(relativePath));
}
