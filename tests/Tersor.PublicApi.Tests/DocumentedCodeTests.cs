using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Tersor.PublicApi.Tests;

/// <summary>The C# that the documents show compiles against the libraries as they are.</summary>
public class DocumentedCodeTests
{
    // What the text around the code says is there already.
    private static readonly Dictionary<string, string> Given = new(StringComparer.Ordinal)
    {
        ["README.md"] = "",
        ["docs/channel-pruning.md"] = Training + "ChannelGroups groups = null!; ExecutableGraph graph = null!; TrainingOptions options = null!;",
        ["docs/engine.md"] = "KernelThreads threads = null!; float[] pixels = []; ExecutableGraph graph = null!;",
        ["docs/library.md"] = "float[] buffer = []; SampleSet calibration = null!, judged = null!; Preprocessing preprocessing = null!; KernelThreads threads = null!; ExecutableGraph graph = null!; Model model = null!;",
        ["docs/recipes.md"] = Training + "OnnxGraph graph = null!;",
        ["docs/representations.md"] = "int rows = 1, columns = 1; float[][] decodedRows = []; float[] vector = [], product = [], batch = [], products = []; ArrayBufferWriter<byte> buffer = new();",
    };

    private const string Training = "SampleSet train = null!, validation = null!; Preprocessing preprocessing = null!; KernelThreads threads = null!; ";

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path)),
    ];

    public static TheoryData<string> Documents => [.. Given.Keys];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Code_OfADocument_Compiles(string document)
    {
        string[] blocks = CodeOf(document);
        Assert.NotEmpty(blocks);
        Assert.Empty(blocks.SelectMany(block => Compile(block, Given[document])).Select(problem => problem.ToString()));
    }

    [Fact]
    public void EveryDocumentWithCode_IsCompiled()
    {
        string root = PublicSurfaceTests.RepositoryRoot;
        string[] documents =
        [
            .. Directory.EnumerateFiles(root, "*.md").Concat(Directory.EnumerateFiles(Path.Combine(root, "docs"), "*.md"))
                .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/')).Where(path => CodeOf(path).Length > 0),
        ];

        Assert.Equal(Given.Keys.Order(StringComparer.Ordinal), documents.Order(StringComparer.Ordinal));
    }

    private static string[] CodeOf(string document)
    {
        const string Fence = "```csharp\n";
        string text = File.ReadAllText(Path.Combine(PublicSurfaceTests.RepositoryRoot, document)).ReplaceLineEndings("\n");
        return [.. text.Split(Fence).Skip(1).Select(part => part[..part.IndexOf("```", StringComparison.Ordinal)])];
    }

    private static IEnumerable<Diagnostic> Compile(string code, string given)
    {
        IEnumerable<string> usings = PublicSurfaceTests.Assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Select(type => type.Namespace!)
            .Concat(["System", "System.Buffers", "System.Collections.Generic", "System.IO", "System.Linq"]).Distinct(StringComparer.Ordinal);
        string program = $"""
            {string.Concat(usings.Select(name => $"using {name};\n"))}
            class Given
            {"{"}
                {string.Concat(given.Split("; ", StringSplitOptions.RemoveEmptyEntries).Select(field => $"protected static {field.TrimEnd(';')};\n"))}
            {"}"}

            class Shown : Given
            {"{"}
                static void Run()
                {"{"}
                    {code}
                {"}"}
            {"}"}
            """;
        CSharpCompilation compilation = CSharpCompilation.Create(
            "shown", [CSharpSyntaxTree.ParseText(program)], References, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        return compilation.GetDiagnostics().Where(problem => problem.Severity == DiagnosticSeverity.Error);
    }
}
