using System.Buffers.Binary;
using Tersor.Models;

namespace Tersor.Measures;

/// <summary>
/// How far one tensor is from another of the same shape. Element types may differ; values are compared in binary64 and summed in element order, so the
/// numbers are the same on every machine. A NaN equals a NaN, an infinity equals itself; any other pair with a non-finite value counts as infinitely far.
/// </summary>
public sealed record TensorDifference
{
    /// <summary>Same element type and the same bytes.</summary>
    public required bool IsBitEqual { get; init; }

    /// <summary>Largest |a - b|; 0 for empty tensors, infinity where one side only is not finite.</summary>
    public required double MaxAbsError { get; init; }

    /// <summary>Sum of a^2 over pairs of finite values.</summary>
    public required double SignalEnergy { get; init; }

    /// <summary>Sum of b^2 over pairs of finite values.</summary>
    public required double OtherEnergy { get; init; }

    /// <summary>Sum of a*b over pairs of finite values.</summary>
    public required double DotProduct { get; init; }

    /// <summary>Sum of (a - b)^2; infinity where one side only is not finite.</summary>
    public required double NoiseEnergy { get; init; }

    /// <summary>Signal-to-quantization-noise ratio in dB; see <see cref="Decibels"/>.</summary>
    public double SqnrDb => Decibels(SignalEnergy, NoiseEnergy);

    /// <summary>Cosine of the angle between the two as vectors; 1 where both are all zero, 0 where one is.</summary>
    public double Cosine
    {
        get
        {
            if (IsBitEqual || NoiseEnergy == 0) return 1;
            double norms = Math.Sqrt(SignalEnergy) * Math.Sqrt(OtherEnergy);
            return norms == 0 ? 0 : Math.Clamp(DotProduct / norms, -1, 1);
        }
    }

    /// <summary>10 log10(signal / noise): infinity without noise, minus infinity where there is noise and no signal.</summary>
    public static double Decibels(double signalEnergy, double noiseEnergy) =>
        noiseEnergy == 0 ? double.PositiveInfinity : 10 * Math.Log10(signalEnergy / noiseEnergy);

    /// <summary>Compares two tensors in one pass that holds a block of each (all of one whose data cannot be read in parts).</summary>
    /// <param name="reference">a: the original.</param>
    /// <param name="other">b: what became of it.</param>
    /// <param name="advance">Called after each block with its number of values.</param>
    /// <param name="cancellationToken">Looked at before each block.</param>
    /// <exception cref="ArgumentException">The shapes differ, or numbers are compared with text.</exception>
    /// <exception cref="ModelFormatException">A file ends early or its data is damaged.</exception>
    public static TensorDifference Measure(
        Tensor reference, Tensor other, Action<int>? advance = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(other);
        if (reference.Shape != other.Shape) throw new ArgumentException($"Shapes differ: {reference.Shape}, {other.Shape}.", nameof(other));
        if (reference.ElementType == ElementType.String && other.ElementType == ElementType.String) return CompareText(reference, other);
        Accumulator sums = new();
        ElementReader left = new(reference, cancellationToken);
        ElementReader right = new(other, cancellationToken);
        if (left.ValueCount != right.ValueCount) throw new ArgumentException("Complex numbers compare with complex numbers only.", nameof(other));
        bool sameType = reference.ElementType == other.ElementType;
        bool bitEqual = sameType;
        while (left.TryRead(out ReadOnlySpan<double> a, out ReadOnlySpan<byte> aBytes))
        {
            cancellationToken.ThrowIfCancellationRequested();
            right.TryRead(out ReadOnlySpan<double> b, out ReadOnlySpan<byte> bBytes);
            if (!sameType || !aBytes.SequenceEqual(bBytes))
            {
                bitEqual = false;
                sums.Add(a, b);
                if (sameType && reference.ElementType is ElementType.Int64 or ElementType.UInt64)
                    sums.AddWide(aBytes, bBytes, reference.ElementType == ElementType.Int64);
            }
            else
            {
                sums.AddEqual(a);
            }

            advance?.Invoke(a.Length);
        }

        return sums.Result(bitEqual);
    }

    private static TensorDifference CompareText(Tensor reference, Tensor other)
    {
        bool equal = reference.Data.ReadAll().Span.SequenceEqual(other.Data.ReadAll().Span);
        Accumulator sums = new();
        if (!equal) sums.Add([0], [double.PositiveInfinity]);
        return sums.Result(equal);
    }

    private sealed class Accumulator
    {
        private double _signal;
        private double _other;
        private double _dot;
        private double _noise;
        private double _maxAbs;

        public void AddEqual(ReadOnlySpan<double> values)
        {
            double signal = 0;
            foreach (double value in values)
            {
                if (double.IsFinite(value)) signal += value * value;
            }

            _signal += signal;
            _other += signal;
            _dot += signal;
        }

        public void Add(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
        {
            (double signal, double other, double dot, double noise, double maxAbs) = (0, 0, 0, 0, _maxAbs);
            for (int i = 0; i < a.Length; i++)
            {
                (double x, double y) = (a[i], b[i]);
                if (double.IsFinite(x) && double.IsFinite(y))
                {
                    double difference = x - y;
                    signal += x * x;
                    other += y * y;
                    dot += x * y;
                    noise += difference * difference;
                    maxAbs = Math.Max(maxAbs, Math.Abs(difference));
                }
                else if (!x.Equals(y))
                {
                    maxAbs = noise = double.PositiveInfinity;
                }
            }

            _signal += signal;
            _other += other;
            _dot += dot;
            _noise += noise;
            _maxAbs = maxAbs;
        }

        // Binary64 cannot tell neighbours beyond 2^53 apart; their exact difference it can hold.
        public void AddWide(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, bool isSigned)
        {
            for (int i = 0; i < a.Length; i += 8)
            {
                Int128 x = isSigned ? BinaryPrimitives.ReadInt64LittleEndian(a[i..]) : BinaryPrimitives.ReadUInt64LittleEndian(a[i..]);
                Int128 y = isSigned ? BinaryPrimitives.ReadInt64LittleEndian(b[i..]) : BinaryPrimitives.ReadUInt64LittleEndian(b[i..]);
                double exact = (double)Int128.Abs(x - y);
                if ((double)x == (double)y) _noise += exact * exact;
                _maxAbs = Math.Max(_maxAbs, exact);
            }
        }

        public TensorDifference Result(bool bitEqual) => new()
        {
            IsBitEqual = bitEqual,
            MaxAbsError = _maxAbs,
            SignalEnergy = _signal,
            OtherEnergy = _other,
            DotProduct = _dot,
            NoiseEnergy = _noise,
        };
    }
}
