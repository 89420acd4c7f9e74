using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Tersor.Tests;

/// <summary>The arrows that the house forbids: who may reference whom, read from the project files and the sources.</summary>
public class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> AllowedProjects = new(StringComparer.Ordinal)
    {
        ["Tersor"] = [],
        ["Tersor.Engine"] = ["Tersor"],
        ["Tersor.Compression"] = ["Tersor", "Tersor.Engine"],
        ["Tersor.Cli"] = ["Tersor", "Tersor.Engine", "Tersor.Compression"],
    };

    private static readonly Dictionary<string, string[]> AllowedPackages = new(StringComparer.Ordinal)
    {
        ["Tersor"] = ["System.Numerics.Tensors"],
        ["Tersor.Engine"] = ["System.Numerics.Tensors"],
        ["Tersor.Compression"] = ["System.Numerics.Tensors", "YamlDotNet"],
        ["Tersor.Cli"] = ["System.CommandLine", "Spectre.Console"],
    };

    public static TheoryData<string> SourceProjects => [.. AllowedProjects.Keys];

    private static string Root => SharedAssets.RepositoryRoot;

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void Project_ReferencesOnlyWhatTheHouseAllows(string project)
    {
        XDocument file = XDocument.Load(Path.Combine(Root, "src", project, project + ".csproj"));
        string[] projects = [.. file.Descendants("ProjectReference").Select(node => Path.GetFileNameWithoutExtension((string)node.Attribute("Include")!))];
        string[] packages = [.. file.Descendants("PackageReference").Select(node => (string)node.Attribute("Include")!)];
        Assert.Empty(projects.Except(AllowedProjects[project]));
        Assert.Empty(packages.Except(AllowedPackages[project]));
    }

    [Fact]
    public void EverySourceProject_IsJudged() =>
        Assert.Equal(AllowedProjects.Keys.Order(StringComparer.Ordinal), Directory.GetDirectories(Path.Combine(Root, "src")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    /// <summary>The system's own C library alone may be asked, for the number of hard links, which the base class library does not tell.</summary>
    [Fact]
    public void Library_BringsNoNativeLibrary() =>
        Assert.All(SourcesOf("Tersor"), file => Assert.DoesNotMatch(Pattern(@"\[\s*(DllImport|LibraryImport)\(""([^lk]|l[^i]|k[^e])"), File.ReadAllText(file)));

    /// <summary>A format folder may use the shared model types and the zip reader, never another format.</summary>
    [Fact]
    public void Format_KnowsNoOtherFormat()
    {
        string models = Path.Combine(Root, "src", "Tersor", "Models");
        string[] formats = [.. Directory.GetDirectories(models).Select(Path.GetFileName).OfType<string>().Where(name => name != "Zip")];
        Assert.NotEmpty(formats);
        foreach (string format in formats)
        {
            foreach (string file in Directory.GetFiles(Path.Combine(models, format), "*.cs", SearchOption.AllDirectories))
            {
                string text = File.ReadAllText(file);
                foreach (string other in formats.Where(name => name != format))
                    Assert.False(text.Contains($"Models.{other}", StringComparison.Ordinal), $"{file} uses Models.{other}");
            }
        }
    }

    /// <summary>Entropy coder and quantizers know nothing of files and containers; the container knows nothing of model formats or plans.</summary>
    [Theory]
    [InlineData("EntropyCoding", "Tersor.Nnc|Tersor.Codec|Tersor.Plans|Tersor.Models.Onnx|Tersor.Models.Safetensors")]
    [InlineData("Quantization", "Tersor.Nnc|Tersor.Codec|Tersor.Plans|Tersor.Models.Onnx|Tersor.Models.Safetensors")]
    [InlineData("Nnc", "Tersor.Codec|Tersor.Plans|Tersor.Models.Onnx|Tersor.Models.Safetensors")]
    [InlineData("Representations", "Tersor.Nnc|Tersor.Codec|Tersor.Plans|Tersor.EntropyCoding|Tersor.Models.Onnx|Tersor.Models.Safetensors")]
    [InlineData("Models", "Tersor.Nnc|Tersor.EntropyCoding|Tersor.Quantization|Tersor.Plans")]
    public void Room_DoesNotLookOutOfTheseWindows(string room, string forbidden)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(Root, "src", "Tersor", room), "*.cs", SearchOption.AllDirectories))
        {
            Match match = Pattern($@"(using |namespace )({forbidden.Replace(".", @"\.", StringComparison.Ordinal)})\b").Match(File.ReadAllText(file));
            Assert.False(match.Success, $"{file}: {match.Value}");
        }
    }

    /// <summary>Kernels compute on spans: they know neither operators nor graphs. Operators know nothing of training loops and data.</summary>
    [Theory]
    [InlineData("Kernels", "Tersor.Engine.Graphs|Tersor.Engine.Operators|Tersor.Engine.Training|Tersor.Engine.Data|Tersor.Engine.Networks")]
    [InlineData("Operators", "Tersor.Engine.Data|Tersor.Engine.Networks")]
    [InlineData("Graphs", "Tersor.Engine.Data|Tersor.Engine.Networks")]
    public void EngineRoom_DoesNotLookOutOfTheseWindows(string room, string forbidden)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(Root, "src", "Tersor.Engine", room), "*.cs", SearchOption.AllDirectories))
        {
            Match match = Pattern($@"using ({forbidden.Replace(".", @"\.", StringComparison.Ordinal)})\b").Match(File.ReadAllText(file));
            Assert.False(match.Success, $"{file}: {match.Value}");
        }
    }

    private static Regex Pattern(string text) => new(text, RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    private static IEnumerable<string> SourcesOf(string project) =>
        Directory.EnumerateFiles(Path.Combine(Root, "src", project), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
}
