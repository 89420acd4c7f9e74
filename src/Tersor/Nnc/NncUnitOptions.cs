using Tersor.EntropyCoding;
using Tersor.Models;

namespace Tersor.Nnc;

/// <summary>The choices an encoder has for one unit.</summary>
internal sealed record NncUnitOptions
{
    /// <summary>N 11, row-major, row skipping where it pays, searched initialization: the reference's choices but for the last two.</summary>
    public static NncUnitOptions Default { get; } = new();

    /// <summary>N: greater-than flags, 1..256.</summary>
    public int GreaterFlagCount { get; init; } = 11;

    /// <summary>
    /// 0: row-major; 1..4: blocks of 8, 16, 32, 64. Row-major is used where a matrix of the unit has a single row or column, which readers in the field cannot scan.
    /// </summary>
    public int ScanOrder { get; init; }

    /// <summary>
    /// Row skipping and initialization of contexts. With dependent quantization and blocks, a skipped row moves the quantizer's state differently from
    /// coded zeros (section 9.2): levels made for one cannot be coded with the other, so that row skipping must not be left to what pays.
    /// </summary>
    public LevelEncoderOptions Coding { get; init; } = LevelEncoderOptions.Default;

    /// <summary>Ordinal of the unit among those of the model (edition 2). The reference always states it; null leaves it out.</summary>
    public long? ParameterId { get; init; }

    /// <summary>The type that readers are asked to give the tensor back in; null to leave it to them.</summary>
    public ElementType? DataFormat { get; init; }

    /// <summary>Shape of the weight whose factors the unit carries; required for them.</summary>
    public TensorShape? DecomposedShape { get; init; }

    /// <summary>What the unit updates; null for a base model.</summary>
    public NncUnitUpdate? Update { get; init; }
}
