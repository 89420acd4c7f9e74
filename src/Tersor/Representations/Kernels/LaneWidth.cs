using System.Runtime.Intrinsics;

namespace Tersor.Representations.Kernels;

/// <summary>The vector widths that products are compiled for. Tests choose others than the widest to compare them.</summary>
internal enum LaneWidth
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

/// <summary>What this machine runs in hardware.</summary>
internal static class LaneWidths
{
    /// <summary>The widest form that it does.</summary>
    public static LaneWidth Widest { get; } =
        Vector512.IsHardwareAccelerated ? LaneWidth.Bits512
        : Vector256.IsHardwareAccelerated ? LaneWidth.Bits256
        : Vector128.IsHardwareAccelerated ? LaneWidth.Bits128
        : LaneWidth.Scalar;
}
