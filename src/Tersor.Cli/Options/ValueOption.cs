using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Tersor.Cli.Output;
using Tersor.Compression;
using Tersor.Engine.Data;

namespace Tersor.Cli.Options;

/// <summary>Options that take one value and say in one line what they accept.</summary>
internal static class ValueOption
{
    /// <summary>A whole number within bounds.</summary>
    public static Option<int?> Integer(string name, string description, int minimum, int maximum) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => Parse<int?>(
            result,
            text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= minimum && value <= maximum
                ? value : null,
            string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}")),
    };

    /// <summary>A real number within bounds; the point is the decimal separator everywhere.</summary>
    public static Option<double?> Real(string name, string description, double minimum, double maximum) => new(name)
    {
        Description = description,
        HelpName = "X",
        CustomParser = result => Parse<double?>(
            result,
            text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= minimum && value <= maximum
                ? value : null,
            double.IsInfinity(maximum)
                ? string.Create(CultureInfo.InvariantCulture, $"a number of at least {minimum}")
                : string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}")),
    };

    /// <summary>One number or several with commas between them; a fraction such as <c>1/255</c> is a number.</summary>
    public static Option<float[]?> Numbers(string name, string description, Func<float[], bool> isAllowed, string expected) => new(name)
    {
        Description = description,
        HelpName = "X,..",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => Parse(
            result, text => Preprocessing.TryParseNumbers(text, out float[]? numbers) && isAllowed(numbers) ? numbers : null, expected),
    };

    /// <summary>A number of bytes such as <c>512MB</c>.</summary>
    public static Option<long?> Size(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result => Parse<long?>(
            result, text => ByteSize.TryParse(text, out long bytes) ? bytes : null, "a size such as 500000, 512MB, 2GiB or 1G"),
    };

    /// <summary>A text that stands for a value.</summary>
    public static Option<T?> Text<T>(string name, string description, string helpName, Func<string, T?> read, string expected)
        where T : class => new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result => Parse(result, read, expected),
        };

    /// <summary>One of a list of words.</summary>
    public static Option<T?> Choice<T>(string name, string description, IReadOnlyList<(string Word, T Value)> choices)
        where T : struct
    {
        string[] words = [.. choices.Select(choice => choice.Word)];
        return Choice<T?>(name, description, words, text => IndexOf(text, words) is int index ? choices[index].Value : null);
    }

    /// <summary>One of a list of things by their names.</summary>
    public static Option<T?> Named<T>(string name, string description, IReadOnlyList<(string Word, T Value)> choices)
        where T : class
    {
        string[] words = [.. choices.Select(choice => choice.Word)];
        return Choice<T?>(name, description, words, text => IndexOf(text, words) is int index ? choices[index].Value : null);
    }

    private static Option<T?> Choice<T>(string name, string description, string[] words, Func<string, T?> read)
    {
        Option<T?> option = new(name)
        {
            Description = description,
            HelpName = string.Join('|', words),
            CustomParser = result => Parse(result, read, "one of " + string.Join(", ", words), words),
        };
        option.CompletionSources.Add(words);
        return option;
    }

    private static int? IndexOf(string text, string[] words)
    {
        int index = Array.FindIndex(words, word => string.Equals(word, text, StringComparison.OrdinalIgnoreCase));
        return index < 0 ? null : index;
    }

    private static T? Parse<T>(ArgumentResult result, Func<string, T?> read, string expected, IEnumerable<string>? words = null)
    {
        string text = result.Tokens[0].Value;
        T? value = read(text);
        if (value is null)
        {
            string option = ((OptionResult)result.Parent!).Option.Name;
            string? near = words is null ? null : ClosestNames.Hint(text, words);
            result.AddError($"{option} takes {expected}, not '{text}'{(near is null ? null : ". " + near)}");
        }

        return value;
    }
}
