namespace Tersor.Nnc.Syntax;

/// <summary>Which tensors a block unit carries (<c>compressed_parameter_types</c>); decomposition occurs in single-tensor units too.</summary>
[Flags]
internal enum ParameterTypes
{
    None = 0,
    Decomposed = 1,
    LocalScaling = 2,
    BatchNorm = 4,
    Bias = 8,
}
