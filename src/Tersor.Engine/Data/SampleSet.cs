using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tersor.Models;

namespace Tersor.Engine.Data;

/// <summary>
/// Samples of one shape with their labels or targets, in memory: pixels as bytes or values as binary32. A selection of samples shares the memory of the whole.
/// </summary>
public sealed class SampleSet
{
    private readonly byte[]? _bytes;
    private readonly float[]? _singles;
    private readonly int[]? _labels;
    private readonly float[]? _targets;
    private readonly int[]? _selection;
    private readonly int _sampleLength;

    /// <summary>Images with labels.</summary>
    /// <param name="name">What messages call the set.</param>
    /// <param name="sampleShape">Shape of one sample, such as 3x32x32.</param>
    /// <param name="pixels">All samples, one behind the other.</param>
    /// <param name="labels">A class per sample, from 0.</param>
    /// <exception cref="ArgumentException">Lengths do not agree, or a label is negative.</exception>
    public SampleSet(string name, TensorShape sampleShape, byte[] pixels, int[] labels)
        : this(name, sampleShape, labels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        _bytes = pixels;
        CheckLength(pixels.Length);
    }

    /// <summary>Values with labels.</summary>
    /// <exception cref="ArgumentException">Lengths do not agree, or a label is negative.</exception>
    public SampleSet(string name, TensorShape sampleShape, float[] values, int[] labels)
        : this(name, sampleShape, labels)
    {
        ArgumentNullException.ThrowIfNull(values);
        _singles = values;
        CheckLength(values.Length);
    }

    /// <summary>Values with targets of any shape, for regression.</summary>
    /// <exception cref="ArgumentException">Lengths do not agree.</exception>
    public SampleSet(string name, TensorShape sampleShape, float[] values, TensorShape targetShape, float[] targets)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(targets);
        Name = name;
        SampleShape = sampleShape;
        TargetShape = targetShape;
        _sampleLength = checked((int)sampleShape.ElementCount);
        _singles = values;
        _targets = targets;
        Count = targetShape.ElementCount == 0 ? 0 : targets.Length / (int)targetShape.ElementCount;
        if ((long)Count * targetShape.ElementCount != targets.Length) throw new ArgumentException($"{name}: {targets.Length} target values are not a number of {targetShape}.", nameof(targets));
        CheckLength(values.Length);
    }

    private SampleSet(string name, TensorShape sampleShape, int[] labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        Name = name;
        SampleShape = sampleShape;
        _sampleLength = checked((int)sampleShape.ElementCount);
        _labels = labels;
        Count = labels.Length;
        foreach (int label in labels)
        {
            if (label < 0) throw new ArgumentException($"{name}: a label of {label}; labels count from 0.", nameof(labels));
            ClassCount = Math.Max(ClassCount, label + 1);
        }
    }

    private SampleSet(SampleSet whole, string name, int[] selection)
    {
        (_bytes, _singles, _labels, _targets, _sampleLength) = (whole._bytes, whole._singles, whole._labels, whole._targets, whole._sampleLength);
        (SampleShape, TargetShape, ClassCount) = (whole.SampleShape, whole.TargetShape, whole.ClassCount);
        Name = name;
        Count = selection.Length;
        _selection = whole._selection is { } outer ? Array.ConvertAll(selection, index => outer[index]) : selection;
    }

    /// <summary>What messages call the set.</summary>
    public string Name { get; }

    /// <summary>Shape of one sample.</summary>
    public TensorShape SampleShape { get; }

    /// <summary>Number of samples.</summary>
    public int Count { get; }

    /// <summary>Whether the values are bytes, as pixels are; otherwise they are real numbers.</summary>
    public bool HoldsPixels => _bytes is not null;

    /// <summary>Bytes of memory that the samples take, those of the whole set where this is a selection.</summary>
    public long MemoryBytes => (_bytes?.LongLength ?? 0) + (4 * ((_singles?.LongLength ?? 0) + (_labels?.LongLength ?? 0) + (_targets?.LongLength ?? 0)));

    /// <summary>Whether there is a class per sample; otherwise there are targets.</summary>
    public bool HasLabels => _labels is not null;

    /// <summary>One more than the largest label; 0 without labels.</summary>
    public int ClassCount { get; }

    /// <summary>Shape of one target; a scalar where there are labels.</summary>
    public TensorShape TargetShape { get; }

    /// <summary>The class of a sample.</summary>
    /// <exception cref="InvalidOperationException">There are targets instead.</exception>
    public int Label(int index) => (_labels ?? throw new InvalidOperationException($"{Name} has targets, not labels."))[Place(index)];

    /// <summary>The target of a sample.</summary>
    /// <exception cref="InvalidOperationException">There are labels instead.</exception>
    public ReadOnlySpan<float> Target(int index)
    {
        float[] targets = _targets ?? throw new InvalidOperationException($"{Name} has labels, not targets.");
        int length = (int)TargetShape.ElementCount;
        return targets.AsSpan(Place(index) * length, length);
    }

    /// <summary>Writes the values of a sample as they were read: pixels from 0 to 255.</summary>
    public void CopyTo(int index, Span<float> destination)
    {
        int start = Place(index) * _sampleLength;
        if (_bytes is not null) System.Numerics.Tensors.TensorPrimitives.ConvertSaturating<byte, float>(_bytes.AsSpan(start, _sampleLength), destination);
        else _singles.AsSpan(start, _sampleLength).CopyTo(destination);
    }

    /// <summary>The samples at some places, in that order.</summary>
    public SampleSet Select(string name, int[] indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        foreach (int index in indices) ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(indices));
        return new SampleSet(this, name, indices);
    }

    /// <summary>The first samples, or all where there are fewer.</summary>
    public SampleSet Take(int count) => count >= Count ? this : Select(Name, [.. Enumerable.Range(0, count)]);

    /// <summary>Splits off a part that a seed decides.</summary>
    /// <param name="count">Samples of the part.</param>
    /// <param name="seed">Decides which.</param>
    /// <returns>The others and the part, both in their order of before.</returns>
    public (SampleSet Others, SampleSet Part) HoldOut(int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        int[] order = [.. Enumerable.Range(0, Count)];
        new Training.RandomStream(seed, "hold out").Shuffle<int>(order);
        int[] part = order[..count];
        int[] rest = order[count..];
        Array.Sort(part);
        Array.Sort(rest);
        return (Select(Name, rest), Select($"{Name} (held out)", part));
    }

    /// <summary>How many samples have all values of one of another set, whatever their labels: 0 between pixels and real numbers.</summary>
    /// <param name="other">Another set, or a selection of the same.</param>
    public int CountIn(SampleSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (SampleShape != other.SampleShape || HoldsPixels != other.HoldsPixels) return 0;
        Dictionary<UInt128, int> counts = [];
        for (int i = 0; i < Count; i++) CollectionsMarshal.GetValueRefOrAddDefault(counts, DigestOf(i), out _)++;
        int found = 0;
        for (int i = 0; i < other.Count && counts.Count > 0; i++)
        {
            if (counts.Remove(other.DigestOf(i), out int equal)) found += equal;
        }

        return found;
    }

    private UInt128 DigestOf(int index)
    {
        int start = Place(index) * _sampleLength;
        ReadOnlySpan<byte> values = _bytes is not null ? _bytes.AsSpan(start, _sampleLength) : MemoryMarshal.AsBytes(_singles.AsSpan(start, _sampleLength));
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(values, digest);
        return MemoryMarshal.Read<UInt128>(digest);
    }

    private int Place(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _selection is null ? index : _selection[index];
    }

    private void CheckLength(int values)
    {
        if (values != (long)Count * _sampleLength)
            throw new ArgumentException($"{Name}: {Count} samples of {SampleShape} take {(long)Count * _sampleLength} values, there are {values}.", nameof(values));
    }
}
