using System.Text;
using Tersor.Representations;

namespace Tersor.Experiments.Representations;

/// <summary>
/// The plane of entropy against sparsity, in which each point stands for matrices whose values other than the most frequent one are all as frequent and as many as give the
/// entropy; coloured by the form that wins there. Real matrices are dots.
/// </summary>
internal static class PlanePicture
{
    private const int Rows = 1024;
    private const int Columns = 4096;
    private const int Steps = 48;
    private const double MaxEntropy = 8;
    private const int Side = 300;
    private const int Margin = 50;
    private const int PanelWidth = Side + (2 * Margin);
    private const int PanelHeight = Side + (2 * Margin);
    private const int LegendHeight = 60;

    private static readonly RepresentationFormat[] OfThePaper = [RepresentationFormat.Dense, RepresentationFormat.Csr32, RepresentationFormat.Csr16, RepresentationFormat.Cer, RepresentationFormat.Cser];

    private static readonly (RepresentationFormat Format, string Colour)[] Colours =
    [
        (RepresentationFormat.Dense, "#9aa0a6"), (RepresentationFormat.Csr32, "#b07d48"), (RepresentationFormat.Csr16, "#d9b38c"), (RepresentationFormat.Cer, "#2f7ed8"),
        (RepresentationFormat.Cser, "#7cb5ec"), (RepresentationFormat.RelativeIndices, "#7a5195"), (RepresentationFormat.CodedCsr, "#ef5675"), (RepresentationFormat.Codes, "#4caf50"),
        (RepresentationFormat.Binary, "#ffa600"), (RepresentationFormat.Ternary, "#ffd54f"),
    ];

    public static void Write(string path, IReadOnlyList<MatrixStatistics> dots)
    {
        StringBuilder svg = new();
        svg.AppendLine($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {2 * PanelWidth} {(2 * PanelHeight) + LegendHeight}\" font-family=\"sans-serif\" font-size=\"12\">");
        svg.AppendLine("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
        Panel(svg, 0, 0, "Smallest of the paper's forms", statistics => Best(statistics, RepresentationGoal.Smallest, 1, OfThePaper), dots);
        Panel(svg, 1, 0, "Smallest of all", statistics => Best(statistics, RepresentationGoal.Smallest, 1, null), dots);
        Panel(svg, 0, 1, "Fastest with a vector", statistics => Best(statistics, RepresentationGoal.Fastest, 1, null), dots);
        Panel(svg, 1, 1, "Fastest with 64 columns", statistics => Best(statistics, RepresentationGoal.Fastest, 64, null), dots);
        for (int i = 0; i < Colours.Length; i++)
        {
            int x = Margin + (i % 5 * 150);
            int y = (2 * PanelHeight) + (i / 5 * 24);
            svg.AppendLine($"<rect x=\"{x}\" y=\"{y}\" width=\"14\" height=\"14\" fill=\"{Colours[i].Colour}\"/><text x=\"{x + 20}\" y=\"{y + 12}\">{Colours[i].Format.Name()}</text>");
        }

        svg.AppendLine("</svg>");
        File.WriteAllText(path, svg.ToString());
    }

    private static void Panel(StringBuilder svg, int column, int row, string title, Func<MatrixStatistics, RepresentationFormat> best, IReadOnlyList<MatrixStatistics> dots)
    {
        double left = (column * PanelWidth) + Margin;
        double top = (row * PanelHeight) + Margin;
        double cell = (double)Side / Steps;
        svg.AppendLine($"<text x=\"{left}\" y=\"{top - 12}\" font-size=\"14\" font-weight=\"bold\">{title}</text>");
        for (int y = 0; y < Steps; y++)
        {
            double share = 1 - ((y + 0.5) / Steps);

            // Neighbours of one colour are one rectangle.
            (int start, RepresentationFormat? colour) = (0, null);
            for (int x = 0; x <= Steps; x++)
            {
                RepresentationFormat? here = x < Steps && Statistics((x + 0.5) / Steps * MaxEntropy, share) is { } statistics ? best(statistics) : null;
                if (here == colour && x < Steps) continue;
                if (colour is { } format)
                    svg.AppendLine($"<rect x=\"{left + (start * cell):F1}\" y=\"{top + (y * cell):F1}\" width=\"{(x - start) * cell:F1}\" height=\"{cell:F1}\" fill=\"{Colours.First(entry => entry.Format == format).Colour}\"/>");
                (start, colour) = (x, here);
            }
        }

        foreach (MatrixStatistics dot in dots)
            svg.AppendLine($"<circle cx=\"{left + (dot.EntropyBits / MaxEntropy * Side):F1}\" cy=\"{top + ((1 - dot.CommonShare) * Side):F1}\" r=\"2.5\" fill=\"none\" stroke=\"black\"/>");
        svg.AppendLine($"<rect x=\"{left}\" y=\"{top}\" width=\"{Side}\" height=\"{Side}\" fill=\"none\" stroke=\"black\"/>");
        for (int tick = 0; tick <= 4; tick++)
        {
            double at = tick / 4.0;
            svg.AppendLine($"<text x=\"{left + (at * Side):F1}\" y=\"{top + Side + 16}\" text-anchor=\"middle\">{at * MaxEntropy:F0}</text>");
            svg.AppendLine($"<text x=\"{left - 6}\" y=\"{top + ((1 - at) * Side) + 4:F1}\" text-anchor=\"end\">{at:F2}</text>");
        }

        svg.AppendLine($"<text x=\"{left + (Side / 2.0)}\" y=\"{top + Side + 32}\" text-anchor=\"middle\">entropy, bits</text>");
        svg.AppendLine($"<text transform=\"translate({left - 38},{top + (Side / 2.0)}) rotate(-90)\" text-anchor=\"middle\">share of the most frequent value</text>");
    }

    private static RepresentationFormat Best(MatrixStatistics statistics, RepresentationGoal goal, int batch, RepresentationFormat[]? among) =>
        RepresentationChooser.Choose(statistics, goal, batch).Candidates.First(candidate => among is null || among.Contains(candidate.Format)).Format;

    // Null where no values have that entropy beside that share: too low, and the share itself says more; too high, and no table holds them.
    private static MatrixStatistics? Statistics(double entropy, double share)
    {
        double ofShare = -(share * Math.Log2(share)) - ((1 - share) * Math.Log2(1 - share));
        if (entropy < ofShare) return null;
        double others = Math.Pow(2, (entropy - ofShare) / (1 - share));

        // Were they fewer, each would be more frequent than the most frequent one.
        if (others > 16_384 || (1 - share) / others > share) return null;
        return MatrixStatistics.Model(Rows, Columns, 1 + (int)Math.Ceiling(others), share, entropy);
    }
}
