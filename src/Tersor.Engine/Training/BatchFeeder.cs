using Tersor.Engine.Data;

namespace Tersor.Engine.Training;

/// <summary>
/// Prepares the batches of an epoch on another thread while the one before is trained on. The order, and what happens to each sample, follow from seed and epoch
/// alone.
/// </summary>
internal sealed class BatchFeeder
{
    /// <summary>Batches in memory: the one trained on and the one being prepared.</summary>
    public const int Buffers = 2;

    private readonly SampleSet _samples;
    private readonly Preprocessing _preprocessing;
    private readonly Augmentation _augmentation;
    private readonly int _batch;
    private readonly ulong _seed;
    private readonly int[] _order;
    private readonly float[] _pixels;
    private readonly float[] _changed;
    private readonly PreparedBatch[] _buffers;
    private Task? _preparing;

    public BatchFeeder(SampleSet samples, Preprocessing preprocessing, Augmentation augmentation, int batch, ulong seed)
    {
        (_samples, _preprocessing, _augmentation, _batch, _seed) = (samples, preprocessing, augmentation, batch, seed);
        _order = new int[samples.Count];
        int length = (int)samples.SampleShape.ElementCount;
        _pixels = new float[length];
        _changed = new float[length];
        int targets = samples.HasLabels ? 0 : batch * (int)samples.TargetShape.ElementCount;
        _buffers = [.. Enumerable.Range(0, Buffers).Select(_ => new PreparedBatch(new float[batch * length], new int[samples.HasLabels ? batch : 0], new float[targets]))];
    }

    public int BatchesPerEpoch => _samples.Count / _batch;

    /// <summary>Starts an epoch.</summary>
    public void Start(int epoch)
    {
        _preparing?.Wait();
        for (int i = 0; i < _order.Length; i++) _order[i] = i;
        new RandomStream(RandomStream.Derive(RandomStream.Derive(_seed, "order"), epoch)).Shuffle<int>(_order);
        Prepare(epoch, 0);
    }

    /// <summary>A batch; it stays until the one after the next is asked for.</summary>
    public PreparedBatch Next(int epoch, int index)
    {
        _preparing!.GetAwaiter().GetResult();
        if (index + 1 < BatchesPerEpoch) Prepare(epoch, index + 1);
        return _buffers[index % Buffers];
    }

    private void Prepare(int epoch, int index) => _preparing = Task.Run(() => Fill(epoch, index, _buffers[index % Buffers]));

    private void Fill(int epoch, int index, PreparedBatch batch)
    {
        int length = _pixels.Length;
        bool isImage = _samples.SampleShape.Rank == 3;
        ulong stream = RandomStream.Derive(RandomStream.Derive(_seed, "augmentation"), epoch);
        for (int i = 0; i < _batch; i++)
        {
            int sample = _order[(index * _batch) + i];
            float[] pixels = _pixels;
            _samples.CopyTo(sample, pixels);
            if (isImage && !_augmentation.IsNone)
            {
                RandomStream random = new(RandomStream.Derive(stream, sample));
                _augmentation.Apply(pixels, _changed, (int)_samples.SampleShape[1], (int)_samples.SampleShape[2], ref random);
                pixels = _changed;
            }

            _preprocessing.Apply(_samples.SampleShape, pixels, batch.Inputs.AsSpan(i * length, length));
            if (_samples.HasLabels) batch.Labels[i] = _samples.Label(sample);
            else _samples.Target(sample).CopyTo(batch.Targets.AsSpan(i * (int)_samples.TargetShape.ElementCount));
        }
    }

    internal sealed record PreparedBatch(float[] Inputs, int[] Labels, float[] Targets);
}
