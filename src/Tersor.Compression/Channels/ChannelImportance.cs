using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Engine.Training;

namespace Tersor.Compression.Channels;

/// <summary>The measures of how much a unit matters.</summary>
public static class ChannelImportance
{
    /// <summary>
    /// The mean over a unit's slices of weights of their norms, each divided by the mean of such norms in its set, so that scores of all layers are comparable. Needs no data.
    /// </summary>
    public static ChannelScores Norm(ChannelGroups groups, ChannelNorm norm = ChannelNorm.L2)
    {
        ArgumentNullException.ThrowIfNull(groups);
        return NormScores.Of(groups, norm);
    }

    /// <summary>
    /// The mean magnitude of the batch normalizations' scales (network slimming, Liu et al. 2017): small where training with a penalty on them made them small. Layers without a
    /// batch normalization get no scores, so that they are kept, and a warning.
    /// </summary>
    public static ChannelScores BatchNormScale(ChannelGroups groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        return BatchNormScores.Of(groups);
    }

    /// <summary>
    /// The change of the loss that removing a unit is expected to make, to first order: the square of the sum of gradient times weight over the weights that read it, as a mean over
    /// batches (after Molchanov et al. 2019). The network computes as at inference.
    /// </summary>
    /// <param name="groups">Of a network with one binary32 input, whose first output is its answer.</param>
    /// <param name="samples">From the train part, with labels or targets; what is left of the last batch is left out.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="threads">Where the kernels run; the result does not depend on how many.</param>
    /// <param name="batch">Samples of one gradient.</param>
    /// <param name="cancellationToken">Looked at before each batch.</param>
    /// <exception cref="DataMismatchException">Samples and model do not fit each other; the message shows both.</exception>
    /// <exception cref="Tersor.Models.UnsupportedModelException">Operators of the model have no gradient.</exception>
    public static ChannelScores Taylor(
        ChannelGroups groups, SampleSet samples, Preprocessing preprocessing, KernelThreads threads, int batch = 8, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        return TaylorScores.Of(groups, samples, preprocessing, threads, batch, cancellationToken);
    }

    /// <summary>
    /// How often a unit's output is not zero, from 0 to 1: the share of samples and places where it is not, behind its activation (1 less the APoZ of Hu et al. 2016). Says
    /// something where activations make zeros, as rectifiers do; layers without an activation are measured where the next layer reads them.
    /// </summary>
    /// <param name="groups">Of a network with one binary32 input.</param>
    /// <param name="samples">From the train part; labels are not looked at.</param>
    /// <param name="preprocessing">How samples become inputs.</param>
    /// <param name="threads">Where the kernels run; the result does not depend on how many.</param>
    /// <param name="cancellationToken">Looked at before each batch.</param>
    /// <exception cref="DataMismatchException">Samples and model do not fit each other; the message shows both.</exception>
    public static ChannelScores Activity(
        ChannelGroups groups, SampleSet samples, Preprocessing preprocessing, KernelThreads threads, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(preprocessing);
        return ActivityScores.Of(groups, samples, preprocessing, threads, cancellationToken);
    }

    /// <summary>Random numbers: what every other measure must beat.</summary>
    public static ChannelScores Random(ChannelGroups groups, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(groups);
        RandomStream random = new(seed, "channel scores");
        double[] scores = new double[groups.Units.Count];
        for (int i = 0; i < scores.Length; i++) scores[i] = random.NextSingle();
        return new ChannelScores(groups, scores);
    }
}
