namespace Tersor.Engine.Training;

/// <summary>A running average of stored tensors, <c>a = decay * a + (1 - decay) * w</c> after each step, which can change places with them.</summary>
internal sealed class WeightAverage
{
    private readonly IReadOnlyList<TrainedTensor> _tensors;
    private readonly float _decay;

    public WeightAverage(IReadOnlyList<TrainedTensor> tensors, float decay)
    {
        _tensors = tensors;
        _decay = decay;
        Values = [.. tensors.Select(tensor => tensor.Values.ToArray())];
    }

    /// <summary>The averages, per tensor.</summary>
    public IReadOnlyList<float[]> Values { get; }

    public void Update(long step)
    {
        // Early on the average follows faster, so that it does not hang on to the start.
        float decay = Math.Min(_decay, (1f + step) / (10f + step));
        for (int t = 0; t < Values.Count; t++)
        {
            float[] average = Values[t];
            float[] now = _tensors[t].Values;
            for (int i = 0; i < average.Length; i++) average[i] = (decay * average[i]) + ((1 - decay) * now[i]);
        }
    }

    public void Swap()
    {
        for (int t = 0; t < Values.Count; t++)
        {
            float[] average = Values[t];
            float[] now = _tensors[t].Values;
            for (int i = 0; i < average.Length; i++) (average[i], now[i]) = (now[i], average[i]);
        }
    }
}
