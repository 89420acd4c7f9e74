using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Engine.Kernels;

/// <summary>Asks the machine for values that are read soon, where it does not foresee them: rows far apart, of which little is read each.</summary>
internal static unsafe class CacheLines
{
    private const int Values = 16;

    /// <summary>Brings a panel's width of values to the first-level cache, as far as the machine can be asked to. The addresses need not be readable.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchNear(float* start)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(start);
            Sse.Prefetch0(start + Values);
        }
    }

    /// <summary>Brings values to the second-level cache, as far as the machine can be asked to. The addresses need not be readable.</summary>
    public static void Prefetch(float* start, int length)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        for (int i = 0; i < length; i += Values)
        {
            Sse.Prefetch1(start + i);
        }
    }
}
