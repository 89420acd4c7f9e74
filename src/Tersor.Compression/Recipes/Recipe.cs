using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Tersor.Compression.Recipes;

/// <summary>An ordered list of transforms with training between them, as a YAML file states it.</summary>
public sealed class Recipe
{
    // A list of steps takes a few kilobytes.
    private const int MostCharacters = 1 << 20;

    /// <summary>What makes the file at the end, in a recipe, beside the steps.</summary>
    public const string CompressName = "compress";

    /// <summary>What a training calls the network that the recipe begins with, as its teacher.</summary>
    public const string OriginalTeacher = "original";

    private Recipe(string source, IReadOnlyList<RecipeStep> steps, IReadOnlyList<KeyValuePair<string, string>>? compress)
    {
        (Source, Steps, Compress) = (source, steps, compress);
    }

    /// <summary>The file, or what the recipe is called.</summary>
    public string Source { get; }

    /// <summary>The steps, in order.</summary>
    public IReadOnlyList<RecipeStep> Steps { get; }

    /// <summary>The settings of the compression at the end, as the options of <c>tersor compress</c> without their dashes; null where the recipe has none.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Compress { get; }

    /// <summary>Data that the recipe names for itself, as the command line does; null where it leaves that open.</summary>
    public string? Data { get; private init; }

    /// <summary>The seed that the recipe names; null where it leaves that open.</summary>
    public int? Seed { get; private init; }

    /// <summary>A recipe of steps made in code.</summary>
    public static Recipe Of(params IReadOnlyList<RecipeStep> steps) => new("recipe", steps, null);

    /// <summary>Reads a recipe.</summary>
    /// <param name="yaml">A mapping with <c>steps</c>, a list of mappings with one key each, and perhaps <c>data</c> and <c>seed</c>.</param>
    /// <param name="source">The file, for messages.</param>
    /// <exception cref="RecipeException">It is not YAML, or has keys or values that nobody knows; everything that is wrong is named with its line.</exception>
    public static Recipe Parse(string yaml, string source)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        ArgumentNullException.ThrowIfNull(source);
        if (yaml.Length > MostCharacters) throw new RecipeException(source, [$"{yaml.Length:N0} characters are no recipe; at most {MostCharacters:N0} are read"]);
        List<string> problems = [];
        RecipeMapping root = new(problems, Root(yaml, source), "the recipe");
        List<RecipeStep> steps = [];
        List<KeyValuePair<string, string>>? compress = null;
        IReadOnlyList<YamlNode> nodes = root.List("steps");
        for (int i = 0; i < nodes.Count; i++)
        {
            if (compress is not null) problems.Add($"line {nodes[i].Start.Line}: nothing follows {CompressName}, which writes the file");
            (string? name, YamlNode settings) = Named(nodes[i], problems);
            if (name == CompressName) compress = ReadCompress(settings, problems);
            else if (name is not null && ReadStep(name, settings, nodes[i].Start.Line, problems) is { } step) steps.Add(step);
        }

        if (nodes.Count == 0 && problems.Count == 0) problems.Add("there are no steps; write 'steps:' and a list of them");
        string? data = root.Text("data");
        int? seed = root.Has("seed") ? root.Integer("seed", 0, 0, int.MaxValue) : null;
        root.Finish();
        return problems.Count > 0 ? throw new RecipeException(source, problems) : new Recipe(source, steps, compress) { Data = data, Seed = seed };
    }

    private static YamlNode Root(string yaml, string source)
    {
        YamlStream stream = [];
        try
        {
            using StringReader reader = new(yaml);
            stream.Load(reader);
        }
        catch (YamlException exception)
        {
            throw new RecipeException(source, [$"line {exception.Start.Line}: {exception.Message.TrimEnd('.')}"]);
        }

        return stream.Documents.Count == 1 ? stream.Documents[0].RootNode : throw new RecipeException(source, [$"{stream.Documents.Count} YAML documents; one is a recipe"]);
    }

    // A step is a word, or a mapping with the word as its only key.
    private static (string? Name, YamlNode Settings) Named(YamlNode node, List<string> problems)
    {
        if (node is YamlScalarNode { Value: string word }) return (word, new YamlScalarNode(""));
        if (node is YamlMappingNode { Children.Count: 1 } mapping && mapping.Children[0].Key is YamlScalarNode { Value: string name }) return (name, mapping.Children[0].Value);
        problems.Add($"line {node.Start.Line}: a step is one word with its settings, such as '- prune: {{sparsity: 0.9}}'");
        return (null, node);
    }

    private static RecipeStep? ReadStep(string name, YamlNode settings, long line, List<string> problems)
    {
        RecipeStepKind? kind = RecipeSteps.All.FirstOrDefault(kind => kind.Name == name);
        if (kind is null)
        {
            string[] names = [.. RecipeSteps.All.Select(known => known.Name), CompressName];
            problems.Add($"line {line}: '{name}' is no step. {ClosestNames.Hint(name, names) ?? $"The steps are {string.Join(", ", names)}."}");
            return null;
        }

        RecipeMapping mapping = new(problems, settings, name);
        RecipeStep step = kind.Read(mapping);
        mapping.Finish();
        return step;
    }

    private static List<KeyValuePair<string, string>> ReadCompress(YamlNode settings, List<string> problems)
    {
        RecipeMapping mapping = new(problems, settings, CompressName);
        List<KeyValuePair<string, string>> options = [];
        foreach (string key in mapping.Keys)
        {
            foreach (string value in mapping.Texts(key)) options.Add(new KeyValuePair<string, string>(key, value));
        }

        return options;
    }
}
