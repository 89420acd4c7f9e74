namespace Tersor.Cli.Output;

/// <summary>Points as text, over a logarithmic axis: a frame with scales, and one mark per point.</summary>
internal sealed class ScatterChart
{
    private const int Rows = 12;
    private const int Columns = 60;

    private readonly string _title;
    private readonly Func<double, string> _formatX;
    private readonly Func<double, string> _formatY;
    private readonly List<(char Mark, double X, double Y)> _points = [];

    /// <summary>Starts a chart.</summary>
    /// <param name="title">Stands above.</param>
    /// <param name="formatX">Writes the ends of the axis below, of which equal ratios are equally long.</param>
    /// <param name="formatY">Writes the numbers of the scale on the left.</param>
    public ScatterChart(string title, Func<double, string> formatX, Func<double, string> formatY) => (_title, _formatX, _formatY) = (title, formatX, formatY);

    /// <summary>Adds points; what is not finite is left out. Where points meet, the last one shows.</summary>
    public ScatterChart Points(char mark, IReadOnlyList<(double X, double Y)> points)
    {
        _points.AddRange(points.Where(point => point.X > 0 && double.IsFinite(point.Y)).Select(point => (mark, point.X, point.Y)));
        return this;
    }

    /// <summary>Draws the chart; nothing without points.</summary>
    public void Write(TextWriter writer)
    {
        if (_points.Count == 0) return;
        (double left, double right) = (_points.Min(point => point.X), _points.Max(point => point.X));
        (double low, double high) = (_points.Min(point => point.Y), _points.Max(point => point.Y));
        char[][] grid = [.. Enumerable.Range(0, Rows).Select(_ => Enumerable.Repeat(' ', Columns).ToArray())];
        foreach ((char mark, double x, double y) in _points)
            grid[Place(high - y, high - low, Rows)][Place(Math.Log(x / left), Math.Log(right / left), Columns)] = mark;
        string[] labels = [.. Enumerable.Range(0, Rows).Select(row => row is 0 or Rows - 1 ? _formatY(row == 0 ? high : low) : "")];
        int width = labels.Max(label => label.Length);
        writer.WriteLine();
        writer.WriteLine(_title);
        for (int row = 0; row < Rows; row++) writer.WriteLine($"{labels[row].PadLeft(width)} {(labels[row].Length > 0 ? '┤' : '│')}{new string(grid[row]).TrimEnd()}");
        writer.WriteLine($"{new string(' ', width)} └{new string('─', Columns)}");
        string first = _formatX(left);
        writer.WriteLine($"{new string(' ', width + 2)}{first}{_formatX(right).PadLeft(Math.Max(1, Columns - first.Length))}");
    }

    private static int Place(double distance, double range, int places) => range > 0 ? (int)Math.Round(distance / range * (places - 1), MidpointRounding.AwayFromZero) : 0;
}
