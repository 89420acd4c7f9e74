using System.Globalization;
using System.Text;

namespace Tersor.Cli.Output;

/// <summary>Makes text from files safe to print: names and messages must not steer the terminal or break a line.</summary>
internal static class VisibleText
{
    /// <summary>The text with control characters, bidirectional marks and lone surrogates written as escapes such as <c>\u001b</c>.</summary>
    public static string Escape(string text)
    {
        if (!text.Any(MustEscape)) return text;
        StringBuilder visible = new(text.Length + 16);
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) visible.Append(text[i]).Append(text[++i]);
            else if (MustEscape(text[i])) visible.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}");
            else visible.Append(text[i]);
        }

        return visible.ToString();
    }

    /// <summary>As <see cref="Escape"/>, with line breaks turned into spaces.</summary>
    public static string OneLine(string text) => Escape(text.ReplaceLineEndings(" "));

    private static bool MustEscape(char c) =>
        char.IsControl(c) || char.IsSurrogate(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
