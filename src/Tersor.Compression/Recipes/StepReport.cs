using Tersor.Engine.Data;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes;

/// <summary>What a step made of a network.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Step">The step.</param>
/// <param name="Judged">How well the network does afterwards on the held-out samples.</param>
/// <param name="Parameters">Elements of its binary32 tensors.</param>
/// <param name="NonZero">Those that are not zero.</param>
/// <param name="MultiplyAdds">Of one sample.</param>
/// <param name="Seconds">Time of the step.</param>
public sealed record StepReport(int Number, RecipeStep Step, Evaluation Judged, long Parameters, long NonZero, long MultiplyAdds, double Seconds)
{
    /// <summary>Counts what a network has.</summary>
    /// <returns>Elements of its binary32 tensors, and those that are not zero.</returns>
    public static (long Parameters, long NonZero) Count(OnnxGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        long parameters = 0;
        long nonZero = 0;
        foreach (Tensor tensor in graph.Initializers.Where(tensor => tensor.ElementType == ElementType.Float32))
        {
            parameters += tensor.ElementCount;
            nonZero += Pruning.WeightMask.CountKept(Pruning.WeightMask.OfNonZero(tensor.ReadSingles()));
        }

        return (parameters, nonZero);
    }
}
