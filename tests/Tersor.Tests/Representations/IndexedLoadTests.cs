using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tersor.Representations.Kernels;

namespace Tersor.Tests.Representations;

/// <summary>Values by index, whichever way this processor takes them.</summary>
public sealed unsafe class IndexedLoadTests
{
    [Fact]
    public void LoadEach_AndGather_TakeTheValuesAtTheIndices()
    {
        Seeded random = new(81);
        float[] values = [.. Enumerable.Range(0, 70_000).Select(_ => (float)random.NextGaussian())];
        byte[] narrow = [.. Enumerable.Range(0, 8).Select(_ => (byte)random.NextInt(256))];
        ushort[] wide = [.. Enumerable.Range(0, 8).Select(_ => (ushort)random.NextInt(65_536))];
        int[] widest = [.. Enumerable.Range(0, 8).Select(_ => random.NextInt(values.Length))];
        fixed (float* all = values)
        fixed (byte* bytes = narrow)
        fixed (ushort* words = wide)
        fixed (int* integers = widest)
        {
            AssertTaken(values, narrow.Select(index => (int)index), Indices.LoadEach(all, bytes));
            AssertTaken(values, wide.Select(index => (int)index), Indices.LoadEach(all, words));
            AssertTaken(values, widest, Indices.LoadEach(all, integers));
            if (!Avx2.IsSupported) return;
            AssertTaken(values, narrow.Select(index => (int)index), Indices.Gather(all, bytes));
            AssertTaken(values, wide.Select(index => (int)index), Indices.Gather(all, words));
            AssertTaken(values, widest, Indices.Gather(all, integers));
        }
    }

    [SkippableFact]
    public void WordField_TakesTheValuesAtItsBits()
    {
        Skip.IfNot(Bmi1.X64.IsSupported, "this processor does not extract bit fields");
        Seeded random = new(82);
        float[] values = [.. Enumerable.Range(0, 65_536).Select(_ => (float)random.NextGaussian())];
        ushort[] words = [.. Enumerable.Range(0, 8).Select(_ => (ushort)random.NextInt(65_536))];
        fixed (float* all = values)
        fixed (ushort* first = words)
        {
            for (int shift = 0; shift <= 8; shift++)
            {
                for (int bits = 0; bits <= 16 - shift; bits++) AssertTaken(values, words.Select(word => (word >> shift) & ((1 << bits) - 1)), new WordField(shift, bits).LoadEach(all, first));
            }
        }
    }

    [SkippableFact]
    public void BytePlanes_GiveTheValueOfEachCode()
    {
        Skip.IfNot(BytePlanes.IsSupported, "this processor does not permute bytes");
        Seeded random = new(83);
        float[] table = [.. Enumerable.Range(0, 256).Select(_ => (float)random.NextGaussian())];
        byte* planes = stackalloc byte[BytePlanes.Length];
        fixed (float* values = table) BytePlanes.Fill(values, planes);
        for (int first = 0; first < 256; first += 32)
        {
            byte[] codes = [.. Enumerable.Range(0, 64).Select(i => (byte)(first + (i * 37)))];
            BytePlanes.Look(planes, Vector512.Create(codes), out Vector512<float> v0, out Vector512<float> v1, out Vector512<float> v2, out Vector512<float> v3);
            float[] looked = new float[64];
            v0.CopyTo(looked);
            v1.CopyTo(looked, 16);
            v2.CopyTo(looked, 32);
            v3.CopyTo(looked, 48);
            Assert.Equal(codes.Select(code => table[code]), looked);
        }
    }

    private static void AssertTaken(float[] values, IEnumerable<int> indices, Vector256<float> taken)
    {
        float[] lanes = new float[8];
        taken.CopyTo(lanes);
        Assert.Equal(indices.Select(index => values[index]), lanes);
    }
}
