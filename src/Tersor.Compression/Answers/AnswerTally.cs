namespace Tersor.Compression.Answers;

/// <summary>Counts samples by what a change of the model did to its answer.</summary>
internal sealed class AnswerTally
{
    /// <summary>Samples with the class they had.</summary>
    public int Same { get; private set; }

    /// <summary>Samples that were right and no longer are.</summary>
    public int Lost { get; private set; }

    /// <summary>Samples that were wrong and are right now.</summary>
    public int Gained { get; private set; }

    /// <summary>Counts a sample, which may be none of the three: wrong before and wrong in another way now.</summary>
    /// <param name="before">Its class as it was.</param>
    /// <param name="after">Its class as it is.</param>
    /// <param name="label">Its class by the data.</param>
    public void Add(int before, int after, int label)
    {
        if (before == after) Same++;
        else if (before == label) Lost++;
        else if (after == label) Gained++;
    }
}
