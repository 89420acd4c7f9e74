using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>The vector widths that kernels are compiled for.</summary>
internal enum VectorWidth
{
    /// <summary>One lane: the scalar twin.</summary>
    Scalar,

    /// <summary>Four lanes.</summary>
    Bits128,

    /// <summary>Eight lanes.</summary>
    Bits256,

    /// <summary>Sixteen lanes.</summary>
    Bits512,
}

/// <summary>Which of the widths this machine runs in hardware.</summary>
internal static class VectorWidths
{
    /// <summary>The widest form that the machine runs in hardware. Tests choose others to compare them.</summary>
    public static VectorWidth Widest =>
        Vector512.IsHardwareAccelerated ? VectorWidth.Bits512
        : Vector256.IsHardwareAccelerated ? VectorWidth.Bits256
        : Vector128.IsHardwareAccelerated ? VectorWidth.Bits128
        : VectorWidth.Scalar;
}
