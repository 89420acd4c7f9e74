using Tersor.Models;

namespace Tersor.Nnc;

/// <summary>
/// A tensor in the form that is coded: levels and the rule that turns them back, or raw values. What quantizers make, units carry and readers give.
/// </summary>
public sealed class LevelTensor
{
    private readonly ReadOnlyMemory<byte> _raw;

    /// <summary>Joins levels and rule; the levels are not copied.</summary>
    /// <param name="name">The name in the stream.</param>
    /// <param name="shape">Dimensions, outermost first.</param>
    /// <param name="levels">Row-major; with a codebook index minus zero index.</param>
    /// <param name="rule">What the levels mean; not <see cref="LevelRule.Raw"/>.</param>
    /// <param name="role">What the tensor is within its unit.</param>
    /// <exception cref="ArgumentException">Shape and number of levels differ, the rule is raw, or a level is no index of the codebook.</exception>
    public LevelTensor(string name, TensorShape shape, int[] levels, LevelRule rule, NncTensorRole role = NncTensorRole.Weight)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(levels);
        ArgumentNullException.ThrowIfNull(rule);
        if (shape.ElementCount != levels.Length) throw new ArgumentException($"Tensor '{name}': shape {shape} has {shape.ElementCount} elements, there are {levels.Length} levels.", nameof(levels));
        if (rule.Kind == LevelKind.Raw) throw new ArgumentException("Raw values have no levels; use the other constructor.", nameof(rule));
        if (rule.Codebook is { } codebook && IndexOfForeignLevel(levels, codebook) is int at and >= 0)
            throw new ArgumentException($"Tensor '{name}': level {levels[at]} at {at} is not an index of a codebook of {codebook.Size} entries.", nameof(levels));
        Name = name;
        Shape = shape;
        Levels = levels;
        Rule = rule;
        Role = role;
    }

    /// <summary>Carries binary32 values as they are.</summary>
    /// <param name="name">The name in the stream.</param>
    /// <param name="shape">Dimensions, outermost first.</param>
    /// <param name="values">Little-endian, row-major; not copied.</param>
    /// <exception cref="ArgumentException">Shape and number of bytes differ.</exception>
    public LevelTensor(string name, TensorShape shape, ReadOnlyMemory<byte> values)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (shape.ElementCount > int.MaxValue / 4 || shape.ElementCount * 4 != values.Length)
            throw new ArgumentException($"Tensor '{name}': shape {shape} does not take {values.Length} bytes.", nameof(values));
        Name = name;
        Shape = shape;
        Levels = [];
        Rule = LevelRule.Raw;
        _raw = values;
    }

    /// <summary>The name in the stream.</summary>
    public string Name { get; }

    /// <summary>Dimensions, outermost first.</summary>
    public TensorShape Shape { get; }

    /// <summary>What the tensor is within its unit.</summary>
    public NncTensorRole Role { get; }

    /// <summary>Row-major; with a codebook index minus zero index; empty for raw values.</summary>
    public int[] Levels { get; }

    /// <summary>What the levels mean.</summary>
    public LevelRule Rule { get; }

    /// <summary>Little-endian binary32 values where the rule is <see cref="LevelRule.Raw"/>, else empty.</summary>
    public ReadOnlyMemory<byte> RawValues => _raw;

    /// <summary>Writes the values, the same bits on every machine.</summary>
    /// <param name="values">One for each element, row-major.</param>
    /// <exception cref="ArgumentException">The length is not the number of elements.</exception>
    public void Reconstruct(Span<float> values)
    {
        if (values.Length != Shape.ElementCount) throw new ArgumentException($"Tensor '{Name}' has {Shape.ElementCount} elements, the destination {values.Length}.", nameof(values));
        if (Rule.Kind == LevelKind.Raw) RawSingles.Copy(_raw.Span, values);
        else Rule.Reconstruct(Levels, values);
    }

    /// <summary>The values in a new array.</summary>
    public float[] ToSingles()
    {
        float[] values = GC.AllocateUninitializedArray<float>((int)Shape.ElementCount);
        Reconstruct(values);
        return values;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Shape}";

    /// <summary>Where a level stands that is no index of the codebook; -1 where all are.</summary>
    internal static int IndexOfForeignLevel(ReadOnlySpan<int> levels, NncCodebook codebook) =>
        levels.IndexOfAnyExceptInRange(-codebook.ZeroIndex, codebook.Size - 1 - codebook.ZeroIndex);
}
