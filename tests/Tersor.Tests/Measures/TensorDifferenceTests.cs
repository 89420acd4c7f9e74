using Tersor.Measures;
using Tersor.Models;

namespace Tersor.Tests.Measures;

public sealed class TensorDifferenceTests
{
    [Fact]
    public void Measure_KnownVectors_GivesTheTextbookNumbers()
    {
        TensorDifference difference = Compare([3, 4], [3, 3]);

        Assert.False(difference.IsBitEqual);
        Assert.Equal(1, difference.MaxAbsError);
        Assert.Equal(10 * Math.Log10(25.0 / 1), difference.SqnrDb, 12);
        Assert.Equal(21 / (5 * Math.Sqrt(18)), difference.Cosine, 12);
    }

    [Fact]
    public void Measure_EqualBits_HasNoNoise()
    {
        TensorDifference difference = Compare([1, float.NaN, float.NegativeInfinity], [1, float.NaN, float.NegativeInfinity]);

        Assert.True(difference.IsBitEqual);
        Assert.Equal(0, difference.MaxAbsError);
        Assert.Equal(double.PositiveInfinity, difference.SqnrDb);
        Assert.Equal(1, difference.Cosine);
    }

    [Fact]
    public void Measure_ZerosOfOtherSign_AreEqualValuesAndOtherBits()
    {
        TensorDifference difference = Compare([0f, 1f], [-0f, 1f]);

        Assert.False(difference.IsBitEqual);
        Assert.Equal(0, difference.MaxAbsError);
        Assert.Equal(double.PositiveInfinity, difference.SqnrDb);
        Assert.Equal(1, difference.Cosine);
    }

    [Theory]
    [InlineData(float.NaN, 1f)]
    [InlineData(1f, float.NaN)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity)]
    [InlineData(float.PositiveInfinity, 1f)]
    public void Measure_NonFiniteOnOneSide_IsInfinitelyFar(float a, float b)
    {
        TensorDifference difference = Compare([a, 2], [b, 2]);

        Assert.Equal(double.PositiveInfinity, difference.MaxAbsError);
        Assert.Equal(double.NegativeInfinity, difference.SqnrDb);
    }

    [Fact]
    public void Measure_NaNOfOtherPayload_IsEqualInValue()
    {
        TensorDifference difference = Compare([float.NaN], [BitConverter.Int32BitsToSingle(0x7FC00001)]);

        Assert.False(difference.IsBitEqual);
        Assert.Equal(0, difference.MaxAbsError);
    }

    [Fact]
    public void Measure_NoiseWithoutSignal_IsMinusInfinityDecibels()
    {
        TensorDifference difference = Compare([0, 0], [0, 1]);

        Assert.Equal(double.NegativeInfinity, difference.SqnrDb);
        Assert.Equal(0, difference.Cosine);
    }

    [Fact]
    public void Measure_EmptyTensors_AreEqual()
    {
        TensorDifference difference = Compare([], []);

        Assert.True(difference.IsBitEqual);
        Assert.Equal(double.PositiveInfinity, difference.SqnrDb);
    }

    [Fact]
    public void Measure_OtherElementType_ComparesValues()
    {
        Tensor half = new("t", ElementType.Float16, new TensorShape(2), ByteSource.FromMemory(new byte[] { 0x00, 0x3E, 0x00, 0x40 }));
        TensorDifference difference = TensorDifference.Measure(new Tensor("t", new TensorShape(2), [1.5f, 2.25f]), half);

        Assert.False(difference.IsBitEqual);
        Assert.Equal(0.25, difference.MaxAbsError);
    }

    [Fact]
    public void Measure_IntegersBeyondBinary64_AreToldApart()
    {
        TensorDifference difference = TensorDifference.Measure(Int64s(long.MaxValue, 5), Int64s(long.MaxValue - 1, 5));

        Assert.False(difference.IsBitEqual);
        Assert.Equal(1, difference.MaxAbsError);
        Assert.True(double.IsFinite(difference.SqnrDb));
    }

    [Fact]
    public void Measure_Text_ComparesBytes()
    {
        static Tensor Text(string text) =>
            new("t", ElementType.String, new TensorShape(1), ByteSource.FromMemory(System.Text.Encoding.UTF8.GetBytes(text)));

        Assert.True(TensorDifference.Measure(Text("a"), Text("a")).IsBitEqual);
        Assert.Equal(double.PositiveInfinity, TensorDifference.Measure(Text("a"), Text("b")).MaxAbsError);
    }

    [Fact]
    public void Measure_OtherShape_IsRefused() => Assert.Throws<ArgumentException>(() => Compare([1, 2], [1, 2, 3]));

    [Fact]
    public void Measure_LargeTensor_HoldsOneBlockAndReportsEveryElement()
    {
        const int Count = 1 << 20;
        float[] a = new float[Count];
        Seeded random = new(11);
        for (int i = 0; i < Count; i++) a[i] = random.NextGaussian();
        float[] b = [.. a];
        b[Count - 1] += 2;
        Tensor left = new("t", new TensorShape(Count), a);
        Tensor right = new("t", new TensorShape(Count), b);
        long reported = 0;

        long before = GC.GetAllocatedBytesForCurrentThread();
        TensorDifference difference = TensorDifference.Measure(left, right, count => reported += count);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(2, difference.MaxAbsError, 5);
        Assert.Equal(Count, reported);
        Assert.InRange(allocated, 0, 1 << 20);
    }

    [Fact]
    public void Measure_Cancelled_Stops()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Tensor tensor = new("t", new TensorShape(1), [1f]);

        Assert.Throws<OperationCanceledException>(() => TensorDifference.Measure(tensor, tensor, null, source.Token));
    }

    private static TensorDifference Compare(float[] a, float[] b) =>
        TensorDifference.Measure(new Tensor("t", new TensorShape(a.Length), a), new Tensor("t", new TensorShape(b.Length), b));

    private static Tensor Int64s(params long[] values) => new(
        "t", ElementType.Int64, new TensorShape(values.Length), ByteSource.FromMemory(values.SelectMany(BitConverter.GetBytes).ToArray()));
}
