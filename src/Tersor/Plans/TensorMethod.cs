namespace Tersor.Plans;

/// <summary>How one tensor is represented in the stream.</summary>
public enum TensorMethod
{
    /// <summary>
    /// Bit for bit, by whichever is smallest of <see cref="Topology"/>, <see cref="Integer"/>, <see cref="Shared"/> and <see cref="Raw"/>. A saved plan names the
    /// one that was taken.
    /// </summary>
    Lossless,

    /// <summary>Bit for bit: stays inside the ONNX topology, which is deflated.</summary>
    Topology,

    /// <summary>Bit for bit: whole numbers of up to 32 bits through the entropy coder.</summary>
    Integer,

    /// <summary>Bit for bit: few distinct values, as a tensor of indices and a table.</summary>
    Shared,

    /// <summary>Bit for bit: the bytes as they are.</summary>
    Raw,

    /// <summary>Uniform quantization to the nearest level.</summary>
    Uniform,

    /// <summary>Uniform quantization, rate-distortion optimized: least squared error plus lambda times bits.</summary>
    UniformRdo,

    /// <summary>Dependent quantization (8-state trellis), least squared error.</summary>
    Trellis,

    /// <summary>Dependent quantization, rate-distortion optimized.</summary>
    TrellisRdo,

    /// <summary>A codebook found by k-means; its entries are multiples of the step size.</summary>
    Codebook,

    /// <summary>
    /// Every weight within <see cref="TensorPlan.ErrorBound"/> of where it was, checked before the tensor is written: on a uniform grid, or for a pointwise bound
    /// on a logarithmic one. What no grid keeps within the bound is kept exactly.
    /// </summary>
    ErrorBounded,
}

/// <summary>Names and kinds of <see cref="TensorMethod"/>.</summary>
public static class TensorMethods
{
    /// <summary>Every method with the name used in plans, options and tables, and one line on what it does.</summary>
    public static IReadOnlyList<(TensorMethod Method, string Name, string Description)> All { get; } =
    [
        (TensorMethod.Lossless, "lossless", "bit for bit, by whichever exact method is smallest"),
        (TensorMethod.Topology, "topology", "bit for bit, kept inside the deflated ONNX topology"),
        (TensorMethod.Integer, "integer", "bit for bit, whole numbers through the entropy coder"),
        (TensorMethod.Shared, "shared", "bit for bit, few distinct values: index tensor and table"),
        (TensorMethod.Raw, "raw", "bit for bit, the bytes as they are"),
        (TensorMethod.Uniform, "uniform", "uniform quantization, nearest level"),
        (TensorMethod.UniformRdo, "uniform-rdo", "uniform quantization, rate-distortion optimized"),
        (TensorMethod.Trellis, "trellis", "dependent quantization (8-state trellis)"),
        (TensorMethod.TrellisRdo, "trellis-rdo", "dependent quantization, rate-distortion optimized"),
        (TensorMethod.Codebook, "codebook", "k-means codebook on the step grid"),
        (TensorMethod.ErrorBounded, "error-bounded", "every weight within a stated bound, checked; see --error-bound"),
    ];

    /// <summary>The name used in plans, options and tables.</summary>
    public static string Name(this TensorMethod method) => All.First(entry => entry.Method == method).Name;

    /// <summary>The method of that name, or null.</summary>
    public static TensorMethod? Parse(string name)
    {
        foreach ((TensorMethod method, string known, _) in All)
        {
            if (string.Equals(known, name, StringComparison.OrdinalIgnoreCase)) return method;
        }

        return null;
    }

    /// <summary>Whether values may change.</summary>
    public static bool IsLossy(this TensorMethod method) => method >= TensorMethod.Uniform;

    /// <summary>Whether levels follow the 8-state dependent quantizer.</summary>
    public static bool IsDependent(this TensorMethod method) => method is TensorMethod.Trellis or TensorMethod.TrellisRdo;

    /// <summary>Whether levels are chosen by what errors cost, so that it matters which errors cost how much.</summary>
    public static bool HasObjective(this TensorMethod method) =>
        method is TensorMethod.UniformRdo or TensorMethod.Trellis or TensorMethod.TrellisRdo or TensorMethod.Codebook;

    /// <summary>Whether values are multiples of a step or entries of a codebook, so that factors of rows can scale them.</summary>
    public static bool IsOnGrid(this TensorMethod method) => method.IsLossy() && method != TensorMethod.ErrorBounded;
}
