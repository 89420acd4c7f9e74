using Tersor.Compression.Pruning;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Quantization;

namespace Tersor.Compression.Tickets;

/// <summary>
/// A weight that is never trained, of which training chooses the elements that run: those of the highest scores, and the scores follow <c>gradient * weight</c> straight through the choice
/// (supermasks, Zhou et al. 2019, arXiv 1905.01067; the choice by scores as Ramanujan et al. 2020, arXiv 1911.13299). What runs is scaled by <c>1 / sqrt(share)</c>, so that signals keep their size.
/// </summary>
public sealed class SupermaskParameter : ParameterFunction
{
    private readonly float[] _weights;
    private readonly int _kept;
    private readonly float _scale;

    /// <summary>Wraps a weight, whose values stay as they are.</summary>
    /// <param name="parameter">The weight; attach the function to it.</param>
    /// <param name="share">The part of the elements that runs: above 0, up to 1.</param>
    /// <param name="seed">Decides the scores at the beginning, with the name of the weight.</param>
    public SupermaskParameter(GraphParameter parameter, double share, ulong seed)
        : base(Scores(parameter, seed))
    {
        if (share is not (> 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(share), share, "Above 0 and up to 1 is possible.");
        _weights = [.. parameter.Values];
        _kept = PruningAllocation.KeptOf(_weights.Length, 1 - share);
        _scale = (float)(1 / Math.Sqrt(share));
    }

    /// <inheritdoc/>
    public override void Forward(Span<float> weight)
    {
        bool[] runs = PruningRule.KeepHighest<float>(Stored[0].Values, _kept);
        for (int i = 0; i < runs.Length; i++) weight[i] = runs[i] ? _scale * _weights[i] : 0;
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<float> weight, ReadOnlySpan<float> weightGradient)
    {
        float[] gradient = Stored[0].Gradient;
        for (int i = 0; i < gradient.Length; i++) gradient[i] = weightGradient[i] * _scale * _weights[i];
    }

    private static TrainedTensor[] Scores(GraphParameter parameter, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        RandomStream random = new(seed, "supermask of " + parameter.Name);
        float[] scores = new float[parameter.Values.Length];
        for (int i = 0; i < scores.Length; i++) scores[i] = random.NextSingle() / MathF.Sqrt(Math.Max(1, parameter.Shape.Rank > 1 ? parameter.Values.Length / (float)parameter.Shape[0] : 1));
        return [new TrainedTensor(parameter.Name + ".scores", parameter.Shape, scores) { DecaysWeights = false }];
    }
}
