using System.Numerics.Tensors;

namespace Tersor.Engine.Training;

/// <summary>
/// What a teacher says and what is right, together: <c>a T^2 KL(softmax(teacher / T) || softmax(x / T)) + (1 - a) hard(x)</c>, the hard loss at temperature 1 (Hinton, Vinyals, Dean, Distilling the Knowledge in a Neural
/// Network, 2015). What is right is what the labels say, or what the teacher says (hard-label distillation; Touvron et al., ICML 2021).
/// </summary>
public sealed class DistillationLoss : Loss
{
    private readonly KullbackLeiblerLoss _softened;
    private readonly Loss _hard;
    private readonly float _soft;
    private readonly bool _teacherLabels;
    private float[] _hardGradient = [];
    private int[] _labels = [];

    /// <summary>Joins two losses.</summary>
    /// <param name="hard">Compares logits with labels.</param>
    /// <param name="temperature">Softens the logits of teacher and student; above 0.</param>
    /// <param name="soft">The share of the softened answers, 0 to 1.</param>
    /// <param name="teacherLabels">Whether the hard loss compares with the classes that the teacher finds likeliest, not with those of the data.</param>
    /// <exception cref="ArgumentException">The hard loss compares with something else.</exception>
    public DistillationLoss(Loss hard, double temperature = Teacher.UsualTemperature, double soft = Teacher.UsualSoft, bool teacherLabels = false)
    {
        ArgumentNullException.ThrowIfNull(hard);
        if (!hard.UsesLabels || !hard.TakesLogits) throw new ArgumentException($"{hard.GetType().Name} does not compare logits with labels.", nameof(hard));
        if (soft is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(soft), soft, "0 to 1 is possible.");
        _softened = new KullbackLeiblerLoss((float)temperature);
        (_hard, _soft, _teacherLabels) = (hard, (float)soft, teacherLabels);
    }

    /// <inheritdoc/>
    public override bool UsesLabels => true;

    /// <inheritdoc/>
    public override bool TakesLogits => true;

    /// <inheritdoc/>
    /// <remarks>The targets are labels, and the teacher's logits as values.</remarks>
    public override double Compute(ReadOnlySpan<float> outputs, int samples, LossTargets targets, Span<float> gradient)
    {
        if (_hardGradient.Length < outputs.Length) _hardGradient = new float[outputs.Length];
        Span<float> hardGradient = _hardGradient.AsSpan(0, outputs.Length);
        double soft = _softened.Compute(outputs, samples, targets, gradient);
        double hard = _hard.Compute(outputs, samples, _teacherLabels ? new LossTargets(LikeliestOf(targets.Values, samples)) : targets, hardGradient);
        TensorPrimitives.Multiply(gradient, _soft, gradient);
        TensorPrimitives.MultiplyAdd(hardGradient, 1 - _soft, gradient, gradient);
        return (_soft * soft) + ((1 - _soft) * hard);
    }

    private ReadOnlySpan<int> LikeliestOf(ReadOnlySpan<float> answers, int samples)
    {
        if (_labels.Length < samples) _labels = new int[samples];
        int classes = answers.Length / samples;
        for (int i = 0; i < samples; i++) _labels[i] = TensorPrimitives.IndexOfMax(answers.Slice(i * classes, classes));
        return _labels.AsSpan(0, samples);
    }
}
