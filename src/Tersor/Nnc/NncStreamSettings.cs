using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Nnc;

/// <summary>What holds for all units of a stream that is written.</summary>
internal sealed record NncStreamSettings
{
    /// <summary>Edition 2, density 2, base QP 0: what the second-edition reference writes.</summary>
    public static NncStreamSettings Default { get; } = new();

    /// <summary>The syntax; decides the profile.</summary>
    public NncDialect Dialect { get; init; } = NncDialect.EditionTwo;

    /// <summary>0..7: 2^density step sizes per octave.</summary>
    public int Density { get; init; } = StepSize.DefaultDensity;

    /// <summary>-4096..4095: added to every QP that a unit states.</summary>
    public int BaseQp { get; init; }

    /// <summary>The stream updates an earlier one; edition 2 only.</summary>
    public bool IsUpdate { get; init; }

    /// <summary>Names the model that the stream updates; edition 2 only.</summary>
    public string? BaseModelId { get; init; }
}
