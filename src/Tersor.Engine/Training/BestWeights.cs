using Tersor.Engine.Graphs;

namespace Tersor.Engine.Training;

/// <summary>The stored tensors and the state of a graph as they were after the epoch of the lowest validation loss, for a training that may go on past it.</summary>
internal sealed class BestWeights
{
    private readonly float[][] _live;

    public BestWeights(IReadOnlyList<TrainedTensor> tensors, ExecutableGraph graph)
    {
        _live = [.. tensors.Select(tensor => tensor.Values), .. graph.Parameters.Where(parameter => !parameter.IsTrainable).Select(parameter => parameter.Values)];
        Values = [.. _live.Select(values => values.ToArray())];
    }

    /// <summary>Stored tensors in their order, then the state of the graph in its order.</summary>
    public IReadOnlyList<float[]> Values { get; }

    /// <summary>Remembers the weights as they are now.</summary>
    public void Keep()
    {
        for (int i = 0; i < _live.Length; i++) _live[i].CopyTo(Values[i], 0);
    }

    /// <summary>Puts back what was remembered.</summary>
    public void Restore()
    {
        for (int i = 0; i < _live.Length; i++) Values[i].CopyTo(_live[i], 0);
    }
}
