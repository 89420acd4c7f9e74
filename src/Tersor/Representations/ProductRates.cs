namespace Tersor.Representations;

/// <summary>
/// What a product takes, in nanoseconds of one thread, by what is gone through: the rule by which forms are compared. Measured at matrices of 4096 x 4096 and
/// 4096 x 9216 on a server core with 512-bit vectors (<c>docs/representations.md</c> says how); on others the forms keep their order more than their times.
/// </summary>
/// <param name="Element">For each element of the matrix, in a product with a vector.</param>
/// <param name="Entry">For each element that is stored, in a product with a vector.</param>
/// <param name="Group">For each group, in a product with a vector.</param>
/// <param name="PanelElement">For each element, in a product with 64 columns.</param>
/// <param name="PanelEntry">For each element that is stored, in a product with 64 columns.</param>
/// <param name="PanelGroup">For each group, in a product with 64 columns.</param>
internal readonly record struct ProductRates(double Element, double Entry, double Group, double PanelElement, double PanelEntry, double PanelGroup)
{
    private const int PanelWidth = 64;

    // A narrow panel saves no more than this: decoding and walking stay.
    private const double LeastPanel = 0.4;

    /// <summary>The time of one product.</summary>
    public double Nanoseconds(MatrixStatistics statistics, long entries, long groups, int batch)
    {
        if (batch == 1) return (statistics.ElementCount * Element) + (entries * Entry) + (groups * Group);
        double panels = (batch / PanelWidth) + (batch % PanelWidth == 0 ? 0 : Math.Max(LeastPanel, batch % PanelWidth / (double)PanelWidth));
        return panels * ((statistics.ElementCount * PanelElement) + (entries * PanelEntry) + (groups * PanelGroup));
    }
}
