namespace Tersor.Engine.Training;

/// <summary>Changes stored tensors by their gradients. Its own memory is part of a checkpoint.</summary>
public abstract class Optimizer
{
    /// <summary>The tensors, in a fixed order.</summary>
    public IReadOnlyList<TrainedTensor> Tensors { get; private set; } = [];

    /// <summary>Steps made.</summary>
    public long Steps { get; internal set; }

    /// <summary>What the optimizer remembers, per tensor: arrays as long as the tensor, in a fixed order.</summary>
    internal IReadOnlyList<float[][]> Memory { get; private set; } = [];

    /// <summary>Arrays that the optimizer remembers per tensor.</summary>
    protected internal abstract int ArraysPerTensor { get; }

    /// <summary>Starts anew with these tensors.</summary>
    public void Attach(IReadOnlyList<TrainedTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Tensors = tensors;
        Memory = [.. tensors.Select(tensor => Enumerable.Range(0, ArraysPerTensor).Select(_ => new float[tensor.Values.Length]).ToArray())];
        Steps = 0;
    }

    /// <summary>Makes one step.</summary>
    /// <param name="learningRate">Of this step.</param>
    public void Step(double learningRate)
    {
        Steps++;
        for (int i = 0; i < Tensors.Count; i++)
        {
            float rate = (float)(learningRate * Tensors[i].LearningRateScale);
            if (rate != 0) Update(Tensors[i], Memory[i], rate);
        }
    }

    /// <summary>Changes one tensor.</summary>
    /// <param name="tensor">The tensor with its gradient.</param>
    /// <param name="memory">What is remembered for it.</param>
    /// <param name="rate">The learning rate, scaled for the tensor.</param>
    protected abstract void Update(TrainedTensor tensor, float[][] memory, float rate);
}
