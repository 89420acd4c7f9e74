using System.Runtime.CompilerServices;

namespace Tersor.Engine.Kernels;

/// <summary>A function that a kernel applies to each result as it is written.</summary>
public enum ActivationKind
{
    /// <summary>The result as it is.</summary>
    None,

    /// <summary><c>min(max(x, lower), upper)</c>; <c>Relu</c> is the one with 0 and infinity.</summary>
    Clip,

    /// <summary><c>x</c> above zero, <c>slope * x</c> below.</summary>
    LeakyRelu,
}

/// <summary>An activation with its parameters, fused into the kernel that produces its input. A NaN stays a NaN.</summary>
public readonly record struct Activation
{
    private Activation(ActivationKind kind, float first, float second)
    {
        Kind = kind;
        First = first;
        Second = second;
    }

    /// <summary>No activation: the default.</summary>
    public static Activation None => default;

    /// <summary><c>max(x, 0)</c>.</summary>
    public static Activation Relu => new(ActivationKind.Clip, 0f, float.PositiveInfinity);

    /// <summary>Which function.</summary>
    public ActivationKind Kind { get; }

    /// <summary>Lower bound or slope.</summary>
    internal float First { get; }

    /// <summary>Upper bound.</summary>
    internal float Second { get; }

    /// <summary><c>min(max(x, lower), upper)</c>.</summary>
    /// <exception cref="ArgumentException">A bound is NaN.</exception>
    public static Activation Clip(float lower, float upper) =>
        float.IsNaN(lower) || float.IsNaN(upper)
            ? throw new ArgumentException("A bound of a clip must be a number.")
            : new Activation(ActivationKind.Clip, lower, upper);

    /// <summary><c>x &gt; 0 ? x : slope * x</c>.</summary>
    public static Activation LeakyRelu(float slope) => new(ActivationKind.LeakyRelu, slope, 0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal TVector Apply<TVector, TLanes>(TVector value)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> => Kind switch
        {
            ActivationKind.Clip => TLanes.AtMost(TLanes.AtLeast(value, TLanes.Broadcast(First)), TLanes.Broadcast(Second)),
            ActivationKind.LeakyRelu => TLanes.SelectGreater(value, TLanes.Zero, value, TLanes.Multiply(value, TLanes.Broadcast(First))),
            _ => value,
        };
}
