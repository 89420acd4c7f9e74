namespace Tersor.Models.Onnx;

/// <summary>A named value of a graph with what is known of its type: an input, an output, or an intermediate result.</summary>
/// <param name="Name">Unique within the graph.</param>
/// <param name="ElementType"><see cref="ElementType.Undefined"/> where the file does not say, or where the value is no dense tensor.</param>
/// <param name="Dimensions">Outermost first; null where the rank is not known.</param>
public sealed record OnnxGraphValue(string Name, ElementType ElementType, IReadOnlyList<OnnxDimension>? Dimensions)
{
    /// <summary>Such as <c>input float32 Nx3x32x32</c>.</summary>
    public override string ToString()
    {
        string shape = Dimensions is null ? "of unknown rank" : Dimensions.Count == 0 ? "scalar" : string.Join('x', Dimensions);
        return $"{Name} {ElementType.Name()} {shape}";
    }
}
