using Tersor.Engine.Kernels;
using Tersor.Models;

namespace Tersor.Engine.Operators;

/// <summary>Element-wise functions of two broadcast tensors of whole numbers: shapes and indices, which are short.</summary>
internal sealed class IntegerBroadcast
{
    private StridedLoop? _fromLeft;
    private StridedLoop? _fromRight;
    private long[] _left = [];
    private long[] _right = [];

    public void Prepare(TensorShape left, TensorShape right, TensorShape result)
    {
        _fromLeft = StridedLoop.Broadcast(left, result);
        _fromRight = StridedLoop.Broadcast(right, result);
        _left = new long[(int)result.ElementCount];
        _right = new long[(int)result.ElementCount];
    }

    public void Run(ReadOnlySpan<long> left, ReadOnlySpan<long> right, Span<long> result, Func<long, long, long> function)
    {
        _fromLeft!.Copy(left, _left);
        _fromRight!.Copy(right, _right);
        for (int i = 0; i < result.Length; i++) result[i] = function(_left[i], _right[i]);
    }
}
