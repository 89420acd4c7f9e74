using Tersor.Engine.Kernels;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Kernels;

public sealed class ReductionTests
{
    public static TheoryData<string> Kinds => [.. Enum.GetNames<ReductionKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Apply_ShapesOfManyKinds_AgreesWithDefinition(string name)
    {
        ReductionKind kind = Enum.Parse<ReductionKind>(name);
        var seeded = new Seeded(60);
        using var threads = new KernelThreads(2);
        for (int trial = 0; trial < 80; trial++)
        {
            int rank = seeded.Between(0, 4);
            int[] shape = [.. Enumerable.Range(0, rank).Select(_ => seeded.Between(1, seeded.NextInt(3) == 0 ? 50 : 5))];
            bool[] reduced = [.. Enumerable.Range(0, rank).Select(_ => seeded.NextInt(2) == 0)];
            float[] input = seeded.Values(ElementCount.Of(shape));
            double[] expected = Expected(kind, shape, reduced, input);
            foreach (VectorWidth width in Enum.GetValues<VectorWidth>())
            {
                float[] output = new float[expected.Length];
                Reduction.Apply(width, kind, shape, reduced, input, output, false, threads);
                KernelSweep.AssertClose(expected, output, 1e-5, $"{name} of [{string.Join(',', shape)}] over [{string.Join(',', reduced)}] with {width}");
            }
        }
    }

    [Fact]
    public void Apply_Accumulate_Adds()
    {
        using var threads = new KernelThreads(1);
        float[] output = [100, 200];
        Reduction.Apply(ReductionKind.Sum, [2, 2], [false, true], [1, 2, 3, 4], output, true, threads);
        Assert.Equal([103f, 207f], output);
        Reduction.Apply(ReductionKind.Mean, [2, 2], [true, false], [1, 2, 3, 4], output, true, threads);
        Assert.Equal([105f, 210f], output);
    }

    [Fact]
    public void SumTo_SmallerShape_SumsWhatBroadcastingRepeats()
    {
        using var threads = new KernelThreads(1);
        float[] output = new float[3];
        Reduction.SumTo([2, 3, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [3, 1, 1], output, false, threads);
        Assert.Equal([18f, 26f, 34f], output);
        float[] same = [1, 1];
        Reduction.SumTo([2], [3, 4], [2], same, true, threads);
        Assert.Equal([4f, 5f], same);
        Assert.Throws<ArgumentException>(() => Reduction.SumTo([2], [3, 4], [3], new float[3], false, threads));
    }

    [Fact]
    public void Apply_AnyNumberOfThreads_GivesTheSameBits()
    {
        float[] input = new Seeded(61).Values(7 * 900 * 33);
        foreach (bool[] reduced in (bool[][])[[true, false, false], [false, true, false], [false, false, true], [true, true, true], [true, false, true]])
        {
            KernelSweep.AssertThreadsDoNotMatter("sum", threads =>
            {
                float[] output = new float[(reduced[0] ? 1 : 7) * (reduced[1] ? 1 : 900) * (reduced[2] ? 1 : 33)];
                Reduction.Apply(ReductionKind.Sum, [7, 900, 33], reduced, input, output, false, threads);
                return output;
            });
        }
    }

    [Fact]
    public void Apply_EmptyDimension_SumsToZeroAndHasNoMean()
    {
        using var threads = new KernelThreads(1);
        float[] output = [7];
        Reduction.Apply(ReductionKind.Sum, [0], [true], [], output, false, threads);
        Assert.Equal(0f, output[0]);
        Assert.Throws<ArgumentException>(() => Reduction.Apply(ReductionKind.Mean, [0], [true], [], output, false, threads));
        Assert.Throws<ArgumentException>(() => Reduction.Apply(ReductionKind.Maximum, [1], [true], [1], output, true, threads));
    }

    private static double[] Expected(ReductionKind kind, int[] shape, bool[] reduced, float[] input)
    {
        int results = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            results *= reduced[i] ? 1 : shape[i];
        }

        var values = new List<double>[results];
        for (int flat = 0; flat < input.Length; flat++)
        {
            int rest = flat;
            int index = 0;
            int stride = 1;
            for (int i = shape.Length - 1; i >= 0; i--)
            {
                (rest, int position) = Math.DivRem(rest, shape[i]);
                if (!reduced[i])
                {
                    index += position * stride;
                    stride *= shape[i];
                }
            }

            (values[index] ??= []).Add(input[flat]);
        }

        return [.. values.Select(list => kind switch
        {
            ReductionKind.Sum => list.Sum(),
            ReductionKind.Mean => list.Average(),
            ReductionKind.Maximum => list.Max(),
            ReductionKind.Minimum => list.Min(),
            _ => list.Sum(value => value * value),
        })];
    }
}
