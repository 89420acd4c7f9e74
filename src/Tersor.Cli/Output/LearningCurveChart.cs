namespace Tersor.Cli.Output;

/// <summary>Curves over epochs as text: a frame with a scale, and one mark per point.</summary>
internal sealed class LearningCurveChart
{
    private const int Rows = 10;
    private const int MostColumns = 60;
    private const int LeastColumnsPerEpoch = 1;
    private const int MostColumnsPerEpoch = 4;

    private readonly string _title;
    private readonly bool _isLogarithmic;
    private readonly Func<double, string> _format;
    private readonly List<(string Name, char Mark, IReadOnlyList<double> Values)> _curves = [];

    /// <summary>Starts a chart.</summary>
    /// <param name="title">Stands above.</param>
    /// <param name="isLogarithmic">Whether equal ratios, not differences, are equally high.</param>
    /// <param name="format">Writes the numbers of the scale.</param>
    public LearningCurveChart(string title, bool isLogarithmic, Func<double, string> format)
    {
        (_title, _isLogarithmic, _format) = (title, isLogarithmic, format);
    }

    /// <summary>Adds a curve with a value per epoch; what is not finite leaves a gap. Where curves meet, the last one shows.</summary>
    public LearningCurveChart Curve(string name, char mark, IReadOnlyList<double> values)
    {
        if (values.Any(IsShown)) _curves.Add((name, mark, values));
        return this;
    }

    /// <summary>Draws the chart; nothing where no curve has a point.</summary>
    public void Write(TextWriter writer)
    {
        if (_curves.Count == 0) return;
        int epochs = _curves.Max(curve => curve.Values.Count);
        int columnsPerEpoch = Math.Clamp(MostColumns / epochs, LeastColumnsPerEpoch, MostColumnsPerEpoch);
        int columns = Math.Min(MostColumns, epochs * columnsPerEpoch);
        double[] shown = [.. _curves.SelectMany(curve => curve.Values).Where(IsShown).Select(Height)];
        (double low, double high) = (shown.Min(), shown.Max());
        if (low == high) (low, high) = (low - 0.5, high + 0.5);
        char[][] grid = [.. Enumerable.Range(0, Rows).Select(_ => Enumerable.Repeat(' ', columns).ToArray())];
        foreach ((_, char mark, IReadOnlyList<double> values) in _curves)
        {
            for (int i = 0; i < values.Count; i++)
            {
                if (!IsShown(values[i])) continue;
                int row = (int)Math.Round((high - Height(values[i])) / (high - low) * (Rows - 1), MidpointRounding.AwayFromZero);
                grid[row][ColumnOf(i, epochs, columns)] = mark;
            }
        }

        string[] labels = [.. Enumerable.Range(0, Rows).Select(row => row % 3 == 0 ? _format(Depth(high - ((high - low) * row / (Rows - 1)))) : "")];
        int width = labels.Max(label => label.Length);
        writer.WriteLine();
        writer.WriteLine($"{_title}   {string.Join("   ", _curves.Select(curve => $"{curve.Mark} {curve.Name}"))}");
        for (int row = 0; row < Rows; row++) writer.WriteLine($"{labels[row].PadLeft(width)} {(labels[row].Length > 0 ? '┤' : '│')}{new string(grid[row]).TrimEnd()}");
        writer.WriteLine($"{new string(' ', width)} └{new string('─', columns)}");
        string last = Numbers.Integer(epochs);
        writer.WriteLine($"{new string(' ', width)}  1{(epochs > 1 ? last.PadLeft(Math.Max(last.Length + 1, ColumnOf(epochs - 1, epochs, columns))) : "")} epoch");
    }

    private static int ColumnOf(int epoch, int epochs, int columns) => epochs == 1 ? 0 : (int)((long)epoch * (columns - 1) / (epochs - 1));

    private bool IsShown(double value) => double.IsFinite(value) && (!_isLogarithmic || value > 0);

    private double Height(double value) => _isLogarithmic ? Math.Log(value) : value;

    private double Depth(double height) => _isLogarithmic ? Math.Exp(height) : height;
}
