using Spectre.Console;
using Spectre.Console.Rendering;

namespace Tersor.Cli.Output;

/// <summary>
/// A table of text: a bold heading, a rule, rows, and a last row of totals. Never cut to the screen's width: names stay whole for whoever reads or greps.
/// </summary>
internal sealed class TextTable
{
    // Far wider than any row, so that Spectre neither wraps nor truncates.
    private const int UnlimitedWidth = 100_000;

    private readonly List<(string Title, bool RightAligned)> _columns = [];
    private readonly List<string[]> _rows = [];
    private string[]? _totals;

    /// <summary>A column of words.</summary>
    public TextTable Text(string title)
    {
        _columns.Add((title, false));
        return this;
    }

    /// <summary>A column of numbers, aligned right.</summary>
    public TextTable Number(string title)
    {
        _columns.Add((title, true));
        return this;
    }

    /// <summary>One cell per column.</summary>
    public void Row(params string[] cells) => _rows.Add(cells);

    /// <summary>The last row, below a rule.</summary>
    public void Totals(params string[] cells) => _totals = cells;

    /// <summary>Draws the table; <paramref name="styles"/> says whether escape sequences may be used.</summary>
    public void Write(TextWriter writer, bool styles)
    {
        Table table = new() { Border = TableBorder.Simple, ShowFooters = _totals is not null };
        for (int i = 0; i < _columns.Count; i++)
        {
            TableColumn column = new(Cell(_columns[i].Title, Decoration.Bold))
            {
                Alignment = _columns[i].RightAligned ? Justify.Right : Justify.Left,
                NoWrap = true,
                Padding = new Padding(0, 0, i == _columns.Count - 1 ? 0 : 2, 0),
            };
            if (_totals is not null) column.Footer = Cell(_totals[i], Decoration.Bold);
            table.AddColumn(column);
        }

        foreach (string[] row in _rows) table.AddRow(row.Select(cell => Cell(cell, Decoration.None)));

        using StringWriter drawn = new() { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = styles ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = styles ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            Out = new AnsiConsoleOutput(drawn),
        });
        console.Profile.Width = UnlimitedWidth;
        console.Profile.Capabilities.Unicode = true;
        console.Write(table);
        foreach (string line in drawn.ToString().Split('\n'))
        {
            if (!string.IsNullOrWhiteSpace(line)) writer.WriteLine(line.TrimEnd());
        }
    }

    private static IRenderable Cell(string text, Decoration decoration) => new Text(VisibleText.Escape(text), new Style(decoration: decoration));
}
