using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Tersor.Compression.Recipes;

/// <summary>
/// Keys and values of a part of a recipe. Each key is asked for by who knows it; <see cref="Finish"/> makes a problem of every key that nobody asked for. Problems are gathered, so that
/// all of them are told at once.
/// </summary>
internal sealed class RecipeMapping
{
    private readonly List<string> _problems;
    private readonly string _where;
    private readonly SortedDictionary<string, YamlNode> _entries = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>Takes a node that should be a mapping.</summary>
    /// <param name="problems">Receives what is wrong.</param>
    /// <param name="node">The node; an empty scalar counts as a mapping without keys.</param>
    /// <param name="where">What the mapping is of, such as <c>prune</c>.</param>
    public RecipeMapping(List<string> problems, YamlNode node, string where)
    {
        (_problems, _where, Line) = (problems, where, node.Start.Line);
        if (node is YamlScalarNode { Value: null or "" }) return;
        if (node is not YamlMappingNode mapping)
        {
            problems.Add($"line {Line}: {where} is a mapping of settings, such as '{where}: {{key: value}}'");
            return;
        }

        foreach ((YamlNode key, YamlNode value) in mapping.Children)
        {
            if (key is YamlScalarNode { Value: string name }) _entries[name] = value;
            else problems.Add($"line {key.Start.Line}: a key of {where} is not a word");
        }
    }

    /// <summary>Where the mapping begins, from 1.</summary>
    public long Line { get; }

    /// <summary>The keys as written.</summary>
    public IReadOnlyCollection<string> Keys => _entries.Keys;

    /// <summary>Whether the key is there.</summary>
    public bool Has(string key) => TryFind(key, out _);

    /// <summary>The text of a key; null where it is not there.</summary>
    public string? Text(string key)
    {
        if (!TryFind(key, out YamlNode node)) return null;
        if (node is YamlScalarNode { Value: string text }) return text;
        Wrong(node, key, "one value");
        return null;
    }

    /// <summary>A number within bounds, or what is usual.</summary>
    public double Real(string key, double usual, double least, double most)
    {
        if (Text(key) is not { } text) return usual;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most) return value;
        Wrong(_entries[key], key, $"a number of {Plain(least)} to {Plain(most)}");
        return usual;
    }

    /// <summary>A whole number within bounds, or what is usual.</summary>
    public int Integer(string key, int usual, int least, int most)
    {
        if (Text(key) is not { } text) return usual;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most) return value;
        Wrong(_entries[key], key, $"a whole number of {Plain(least)} to {Plain(most)}");
        return usual;
    }

    /// <summary>True or false, or what is usual.</summary>
    public bool Flag(string key, bool usual)
    {
        if (Text(key) is not { } text) return usual;
        if (text is "true" or "false") return text == "true";
        Wrong(_entries[key], key, "true or false");
        return usual;
    }

    /// <summary>One of several words, or what is usual.</summary>
    public T Choice<T>(string key, T usual, IReadOnlyList<(string Word, T Value)> choices)
    {
        if (Text(key) is not { } text) return usual;
        foreach ((string word, T value) in choices)
        {
            if (word == text) return value;
        }

        string[] words = [.. choices.Select(choice => choice.Word)];
        Wrong(_entries[key], key, ClosestNames.Hint(text, words) is { } hint ? $"one of {string.Join(", ", words)}, not '{text}'. {hint}" : $"one of {string.Join(", ", words)}, not '{text}'");
        return usual;
    }

    /// <summary>A word, or several in a list.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        if (!TryFind(key, out YamlNode node)) return [];
        if (node is YamlScalarNode { Value: string text }) return [text];
        if (node is YamlSequenceNode list && list.Children.All(child => child is YamlScalarNode { Value: not null }))
            return [.. list.Children.Select(child => ((YamlScalarNode)child).Value!)];
        Wrong(node, key, "a word, or a list of words");
        return [];
    }

    /// <summary>Numbers by name, in the order of the recipe.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Reals(string key, double least, double most)
    {
        if (!TryFind(key, out YamlNode node)) return [];
        List<KeyValuePair<string, double>> found = [];
        if (node is YamlMappingNode mapping)
        {
            foreach ((YamlNode name, YamlNode value) in mapping.Children)
            {
                if (name is YamlScalarNode { Value: string word }
                    && value is YamlScalarNode { Value: string text }
                    && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                    && number >= least
                    && number <= most)
                {
                    found.Add(KeyValuePair.Create(word, number));
                    continue;
                }

                Wrong(value, key, $"a mapping of patterns to numbers of {Plain(least)} to {Plain(most)}");
            }

            return found;
        }

        Wrong(node, key, "a mapping of patterns to numbers, such as {fc1: 0.9}");
        return [];
    }

    /// <summary>The mapping of a key; null where it is not there.</summary>
    public RecipeMapping? Mapping(string key) => TryFind(key, out YamlNode node) ? new RecipeMapping(_problems, node, key) : null;

    /// <summary>The nodes of a list; none where the key is not there.</summary>
    public IReadOnlyList<YamlNode> List(string key)
    {
        if (!TryFind(key, out YamlNode node)) return [];
        if (node is YamlSequenceNode list) return [.. list.Children];
        Wrong(node, key, "a list");
        return [];
    }

    /// <summary>Adds a problem of this mapping.</summary>
    public void Problem(string what) => _problems.Add($"line {Line}: {_where} {what}");

    /// <summary>Makes problems of the keys that nobody knows.</summary>
    public void Finish()
    {
        foreach ((string key, YamlNode node) in _entries)
        {
            if (_known.Contains(key)) continue;
            string hint = ClosestNames.Hint(key, _known) ?? $"Its keys are {string.Join(", ", _known.Order(StringComparer.Ordinal))}.";
            _problems.Add($"line {node.Start.Line}: {_where} has no key '{key}'. {hint}");
        }
    }

    private static string Plain(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private bool TryFind(string key, out YamlNode node)
    {
        _known.Add(key);
        return _entries.TryGetValue(key, out node!);
    }

    private void Wrong(YamlNode node, string key, string expected) => _problems.Add($"line {node.Start.Line}: '{key}' of {_where} is {expected}");
}
