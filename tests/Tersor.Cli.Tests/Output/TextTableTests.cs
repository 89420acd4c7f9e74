using Tersor.Cli.Output;

namespace Tersor.Cli.Tests.Output;

public sealed class TextTableTests
{
    [Fact]
    public void Write_Plain_HasNoEscapesAndNoTrailingSpaces()
    {
        using StringWriter writer = new() { NewLine = "\n" };
        Table().Write(writer, styles: false);

        Assert.Equal(
            """
             tensor         bytes
            ──────────────────────
             [red]w[/]          1
             a\u001b[31m   12,000
            ──────────────────────
             2 tensors     12,001

            """,
            writer.ToString());
    }

    [Fact]
    public void Write_Styled_EscapesOnlyItsOwn()
    {
        using StringWriter writer = new() { NewLine = "\n" };
        Table().Write(writer, styles: true);

        Assert.Contains("\u001b[1mtensor\u001b[0m", writer.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[31m", writer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_LongName_IsNeitherCutNorWrapped()
    {
        using StringWriter writer = new() { NewLine = "\n" };
        string name = new('n', 5000);
        TextTable table = new TextTable().Text("tensor").Number("bytes");
        table.Row(name, "1");
        table.Write(writer, styles: false);

        Assert.Contains(name + "       1\n", writer.ToString(), StringComparison.Ordinal);
    }

    private static TextTable Table()
    {
        TextTable table = new TextTable().Text("tensor").Number("bytes");
        table.Row("[red]w[/]", "1");
        table.Row("a\u001b[31m", "12,000");
        table.Totals("2 tensors", "12,001");
        return table;
    }
}
