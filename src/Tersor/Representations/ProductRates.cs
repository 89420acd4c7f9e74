namespace Tersor.Representations;

/// <summary>
/// What a product takes, in nanoseconds of one thread, by what is gone through: the rule by which forms are compared. Fitted to times on a server core with 512-bit vectors
/// (<c>experiments/representations</c>, <c>choices</c>); on others the forms keep their order more than their times.
/// </summary>
/// <param name="Element">For each element of the matrix, in a product with a vector.</param>
/// <param name="Entry">For each element that is stored, in a product with a vector.</param>
/// <param name="Group">For each group, or each row of a form without them, in a product with a vector.</param>
/// <param name="PanelElement">For each element, in a product with 64 columns.</param>
/// <param name="PanelEntry">For each element that is stored, in a product with 64 columns.</param>
/// <param name="PanelGroup">For each group or row, in a product with 64 columns.</param>
internal readonly record struct ProductRates(double Element, double Entry, double Group, double PanelElement, double PanelEntry, double PanelGroup)
{
    private const int PanelWidth = 64;

    // A narrow panel saves no more than this: decoding and walking stay.
    private const double LeastPanel = 0.4;

    // What the caches keep from one product to the next, and what each byte beyond takes from memory.
    private const double CachedBytes = 16 << 20;
    private const double NanosecondsPerByte = 0.06;

    /// <summary>The time of one product.</summary>
    public double Nanoseconds(MatrixStatistics statistics, long entries, long groups, long sizeInBits, int batch)
    {
        double memory = Math.Max(0, (sizeInBits / 8) - CachedBytes) * NanosecondsPerByte;
        if (batch == 1) return (statistics.ElementCount * Element) + (entries * Entry) + (groups * Group) + memory;
        double panels = (batch / PanelWidth) + (batch % PanelWidth == 0 ? 0 : Math.Max(LeastPanel, batch % PanelWidth / (double)PanelWidth));

        // Bytes that 64 columns wait for arrive while they compute.
        return panels * Math.Max(memory, (statistics.ElementCount * PanelElement) + (entries * PanelEntry) + (groups * PanelGroup));
    }
}
