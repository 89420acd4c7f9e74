using Tersor.Models;
using Tersor.Nnc;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Codec;

/// <summary>What came of tensors that were coded, by everything that it depends on. Safe from several threads.</summary>
/// <param name="maxBytes">Units that may be kept; the oldest go first.</param>
internal sealed class CodedTensors(long maxBytes)
{
    private readonly Dictionary<Key, TensorEncoder.Result> _results = [];
    private readonly Queue<Key> _order = new();
    private readonly Lock _gate = new();
    private long _bytes;

    /// <summary>What an encoder makes of a tensor, or made of it before.</summary>
    public TensorEncoder.Result GetOrAdd(TensorEncoder encoder, Tensor tensor, TensorPlan plan, int ordinal)
    {
        if (maxBytes == 0) return encoder.Encode(tensor, plan, ordinal);
        Key key = new(encoder.Surroundings, tensor, plan, ordinal, encoder.CurvatureFor(plan), encoder.ImportanceOf(plan));
        lock (_gate)
        {
            if (_results.TryGetValue(key, out TensorEncoder.Result? known)) return known;
        }

        TensorEncoder.Result result = encoder.Encode(tensor, plan, ordinal);
        lock (_gate)
        {
            if (!_results.TryAdd(key, result)) return result;
            _order.Enqueue(key);
            _bytes += SizeOf(result);
            while (_bytes > maxBytes)
            {
                Key oldest = _order.Dequeue();
                _bytes -= SizeOf(_results[oldest]);
                _results.Remove(oldest);
            }
        }

        return result;
    }

    private static long SizeOf(TensorEncoder.Result result) => result.Units.Sum(unit => unit.ByteCount) + ((result.Table?.Count ?? 0) * sizeof(float));

    // Tensors and statistics are compared by reference: they do not change.
    private sealed record Key(
        (NncStreamSettings Stream, int TensorCount, bool KeepsTypes, bool KeepsZeros) Surroundings, Tensor Tensor, TensorPlan Plan, int Ordinal, RowCurvature? Curvature, ReadOnlyMemory<float> Importance);
}
