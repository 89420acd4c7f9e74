using System.Globalization;
using System.Text;

namespace Tersor.Cli.Output;

/// <summary>Losses over sizes as a drawing: points with their intervals over a logarithmic axis, and a line through those that nothing smaller beats.</summary>
internal static class FrontPicture
{
    private const int Width = 760;
    private const int Height = 420;
    private const int Left = 70;
    private const int Right = 20;
    private const int Top = 40;
    private const int Bottom = 50;
    private const int MostTicks = 7;

    /// <summary>Draws.</summary>
    /// <param name="title">Stands above.</param>
    /// <param name="below">What the axis below counts.</param>
    /// <param name="beside">What the axis on the left counts.</param>
    /// <param name="points">Places, half the length of the interval, and whether nothing smaller is better.</param>
    /// <returns>An SVG document.</returns>
    public static string Draw(string title, string below, string beside, IReadOnlyList<(double X, double Y, double Margin, bool OnFront)> points)
    {
        (double left, double right) = (points.Min(point => point.X) / 1.1, points.Max(point => point.X) * 1.1);
        (double low, double high) = (Math.Min(0, points.Min(point => point.Y - point.Margin)), points.Max(point => point.Y + point.Margin));
        if (!(high > low)) high = low + 1;
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        Text(Width / 2, Top - 16, "middle", title, 14);
        Text(Width / 2, Height - 10, "middle", below, 12);
        svg.Append(CultureInfo.InvariantCulture, $"<text transform=\"translate(16 {Height / 2}) rotate(-90)\" text-anchor=\"middle\">{Escape(beside)}</text>\n");
        foreach (double tick in LogarithmicTicks(left, right))
        {
            Line(X(tick), Top, X(tick), Height - Bottom, "#ddd");
            Text(X(tick), Height - Bottom + 18, "middle", ByteSize.Human((long)tick), 12);
        }

        double step = NiceStep((high - low) / MostTicks);
        for (double tick = Math.Ceiling(low / step) * step; tick <= high; tick += step)
        {
            Line(Left, Y(tick), Width - Right, Y(tick), Math.Abs(tick) < step / 2 ? "#888" : "#ddd");
            Text(Left - 6, Y(tick) + 4, "end", Numbers.Short(Math.Round(tick, 6) + 0.0), 12);
        }

        (double X, double Y, double Margin, bool OnFront)[] front = [.. points.Where(point => point.OnFront).OrderBy(point => point.X)];
        svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"#1f5fa8\" stroke-width=\"1.5\" points=\"{string.Join(' ', front.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.X):0.#},{Y(point.Y):0.#}")))}\"/>\n");
        foreach ((double x, double y, double margin, bool onFront) in points)
        {
            if (margin > 0) Line(X(x), Y(y - margin), X(x), Y(y + margin), "#7aa6d8");
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(x):0.#}\" cy=\"{Y(y):0.#}\" r=\"4\" fill=\"{(onFront ? "#1f5fa8" : "white")}\" stroke=\"#1f5fa8\"/>\n");
        }

        return svg.Append("</svg>\n").ToString();

        double X(double value) => Left + (Math.Log(value / left) / Math.Log(right / left) * (Width - Left - Right));
        double Y(double value) => Top + ((high - value) / (high - low) * (Height - Top - Bottom));
        void Line(double x1, double y1, double x2, double y2, string color) =>
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\" stroke=\"{color}\"/>\n");
        void Text(double x, double y, string anchor, string text, int size) =>
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{Escape(text)}</text>\n");
    }

    // 1, 2 and 5 times powers of ten, fewer where they would crowd.
    private static IEnumerable<double> LogarithmicTicks(double left, double right)
    {
        int[] digits = Math.Log10(right / left) > 3 ? [1] : [1, 2, 5];
        for (double power = Math.Pow(10, Math.Floor(Math.Log10(left))); power <= right; power *= 10)
        {
            foreach (int digit in digits)
            {
                if (digit * power >= left && digit * power <= right) yield return digit * power;
            }
        }
    }

    private static double NiceStep(double least)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        foreach (int digit in new[] { 1, 2, 5 })
        {
            if (digit * power >= least) return digit * power;
        }

        return 10 * power;
    }

    private static string Escape(string text) => VisibleText.Escape(text).Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
