using Tersor.Engine.Training;

namespace Tersor.Compression.Levels;

/// <summary>
/// Entropy-constrained training of quantized weights: a weight's level is that of the least <c>(weight - step * level)^2 + price * bits</c>, where bits are those of the level's share in its layer, and the one price for all layers
/// follows the entropy that is wanted. That goes along a line from what rounding gives at the beginning to the target over the first half of the training, and stays there. A layer's step follows the one that suits these choices best, and
/// is not learned: gradients know nothing of bits, and at few of them leave the step too fine. They pass straight through to the weights, as through rounding (Wiedemann, Marban, Müller, Samek, Entropy-Constrained Training of Deep
/// Neural Networks, IJCNN 2019; Becking et al., ECQx, 2022).
/// </summary>
/// <remarks>Every <see cref="StepsBetweenCounts"/> steps of the optimizer the steps of the levels move on. Shares and price are found anew from the weights and steps as they are, so that a checkpoint need not keep them.</remarks>
public sealed class EntropyConstraint : TrainingConstraint
{
    /// <summary>Steps of the optimizer after which levels are counted anew, beside once an epoch.</summary>
    public const int StepsBetweenCounts = 50;

    // Half of the training gets there, half recovers.
    private const double FallingShare = 0.5;

    // In mean squares of the weights. The least is no price at all, the most has put all in the most common level.
    private const double LeastPrice = 1.0 / (1 << 20);
    private const double MostPrice = 1 << 20;
    private const int Halvings = 40;
    private const double CloseEnough = 1e-3;

    private readonly Dictionary<string, FakeQuantizedParameter> _weights = new(StringComparer.Ordinal);
    private LayerLevels[] _layers = [];
    private double _elements;
    private double _meanSquare;
    private double _free;
    private int _steps;

    /// <summary>Takes the target.</summary>
    /// <param name="target">Bits per weight, above 0: the order-0 entropy of each layer's levels, and the mean over all weights.</param>
    public EntropyConstraint(double target)
    {
        if (!double.IsFinite(target) || target <= 0) throw new ArgumentOutOfRangeException(nameof(target), target, "Above 0 is possible.");
        Target = target;
    }

    /// <summary>Bits per weight at the end.</summary>
    public double Target { get; }

    /// <summary>Bits per weight as of the last count.</summary>
    public double Entropy { get; private set; }

    /// <summary>What a bit costs as of the last count, in mean squares of all weights; 0 where rounding is good enough.</summary>
    public double Price { get; private set; }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"entropy of {Target:R} bits a weight");

    /// <summary>Puts a weight under the limit, in place of one of the same name; before the training begins.</summary>
    /// <returns>The weight.</returns>
    public FakeQuantizedParameter Add(FakeQuantizedParameter weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return _weights[weight.Stored[0].Name] = weight;
    }

    /// <inheritdoc/>
    public override void Attach(IReadOnlyList<TrainedTensor> tensors)
    {
        _layers = [.. _weights.Values.Select(weight => new LayerLevels(weight))];
        _elements = Math.Max(1, _layers.Sum(layer => (double)layer.Elements));
        Read();
        foreach (LayerLevels layer in _layers) layer.FindStep();
        _free = EntropyAt(0);
        Choose(0);
    }

    /// <inheritdoc/>
    public override void Apply(double learningRate, double progress)
    {
        if (++_steps < StepsBetweenCounts) return;
        Read();
        foreach (LayerLevels layer in _layers) layer.MoveStep(Price * _meanSquare);
        Choose(progress);
    }

    /// <inheritdoc/>
    public override void Settle(double progress)
    {
        Read();
        Choose(progress);
    }

    private void Read()
    {
        foreach (LayerLevels layer in _layers) layer.Read();
        _meanSquare = _layers.Sum(layer => layer.SumOfSquares) / _elements;
    }

    private void Choose(double progress)
    {
        _steps = 0;
        double wanted = _free + ((Target - _free) * Math.Min(1, progress / FallingShare));
        Price = wanted < EntropyAt(0) ? CheapestPrice(wanted) : 0;
        Entropy = EntropyAt(Price);
        foreach (LayerLevels layer in _layers) layer.Choose();
    }

    private double CheapestPrice(double wanted)
    {
        (double low, double high) = (0, LeastPrice);
        while (EntropyAt(high) > wanted && high < MostPrice) (low, high) = (high, 2 * high);
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (low + high) / 2;
            double entropy = EntropyAt(middle);
            if (entropy > wanted) low = middle;
            else high = middle;
            if (entropy <= wanted && entropy > wanted * (1 - CloseEnough)) break;
        }

        return high;
    }

    private double EntropyAt(double price)
    {
        double bits = 0;
        foreach (LayerLevels layer in _layers) bits += layer.BitsAt(price * _meanSquare);
        return bits / _elements;
    }
}
