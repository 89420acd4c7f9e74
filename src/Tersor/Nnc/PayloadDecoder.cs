using System.Buffers;
using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Nnc.Syntax;

namespace Tersor.Nnc;

/// <summary>
/// Decodes the tensors of one unit's payload one after another (section 5). What the bytes are decides only between success and a reason for failure.
/// </summary>
internal ref struct PayloadDecoder
{
    // The range of the arithmetic decoder is below 512, at least 256 after each shift, and every coded bin narrows it by at least 2: 128 bins take a bit.
    private const long MaxBinsPerByte = 128 * 8;

    /// <summary>Said of a unit whose contexts are chosen by levels of an earlier stream that are not at hand.</summary>
    public const string NeedsParent = "the unit updates an earlier one";

    private readonly CompressedDataUnit _unit;
    private readonly NncDialect _dialect;
    private readonly long _payloadBytes;
    private readonly CancellationToken _cancellationToken;
    private ArithmeticDecoder _decoder;

    public PayloadDecoder(CompressedDataUnit unit, ReadOnlySpan<byte> payload, NncDialect dialect, CancellationToken cancellationToken)
    {
        _unit = unit;
        _dialect = dialect;
        _payloadBytes = payload.Length;
        _cancellationToken = cancellationToken;
        _decoder = new ArithmeticDecoder(payload);
    }

    /// <summary>Most levels that a payload can hold: each takes a bin at least. Zeros of skipped rows and of codebooks with one entry come on top.</summary>
    public static long MaxCodedElements(long payloadBytes) => MaxBinsPerByte * payloadBytes;

    /// <summary>
    /// The number of levels of a tensor, once it is sure that the payload can pay for them: to be asked before memory is set aside.
    /// </summary>
    /// <exception cref="ModelFormatException">More elements than the payload can hold.</exception>
    /// <exception cref="ResourceLimitException">More than an array can hold, or more free zeros than <paramref name="maxUncodedElements"/>.</exception>
    public readonly int CountLevels(NncTensorInfo tensor, string file, long maxUncodedElements)
    {
        long count = tensor.Shape.ElementCount;
        if (count > Array.MaxLength)
            throw new ResourceLimitException($"{file}: tensor '{tensor.Name}' has {count:N0} elements; at most {Array.MaxLength:N0} are supported.");
        long coded = MaxCodedElements(_payloadBytes);
        if (count <= coded) return (int)count;
        long uncoded = CountUncoded(tensor, coded);
        if (count - uncoded > coded)
            throw new ModelFormatException(file, $"tensor '{tensor.Name}'", tensor.UnitOffset, $"{count:N0} elements cannot come from {_payloadBytes:N0} bytes; the file is damaged");
        if (uncoded > maxUncodedElements)
            throw new ResourceLimitException($"{file}: tensor '{tensor.Name}' has {uncoded:N0} elements that take no bits; raise NncReadOptions.MaxUncodedElements ({maxUncodedElements:N0}) if you trust the file.");
        return (int)count;
    }

    /// <summary>Decodes the next tensor of the payload without holding all of it.</summary>
    /// <param name="tensor">A tensor whose contexts need no parent.</param>
    /// <param name="band">Makes something of the levels, from the first to the last, by their rule.</param>
    /// <returns>What is wrong with the payload, or null. Bands before it have been handed over.</returns>
    public string? DecodeNext(NncTensorInfo tensor, Action<LevelRule, Span<int>> band)
    {
        if (DecodeRule(tensor, out LevelRule rule) is { } problem) return problem;
        if (_unit.Header.Parent is { TemporalContexts: true }) return NeedsParent;
        LevelSyntax syntax = SyntaxOf(tensor);
        bool isForeign = false;
        int[] buffer = ArrayPool<int>.Shared.Rent(LevelDecoder.BandLength(syntax));
        LevelDecodingStatus status = LevelDecoder.Decode(
            ref _decoder,
            syntax,
            buffer.AsSpan(0, LevelDecoder.BandLength(syntax)),
            levels =>
            {
                isForeign |= tensor.Codebook is { } codebook && LevelTensor.IndexOfForeignLevel(levels, codebook) >= 0;
                if (!isForeign) band(rule, levels);
            },
            _cancellationToken);
        ArrayPool<int>.Shared.Return(buffer);
        return Problem(status, isForeign);
    }

    /// <summary>Decodes the next tensor of the payload.</summary>
    /// <param name="tensor">The tensors of the unit in payload order.</param>
    /// <param name="parent">Levels and history of the parent node, or null.</param>
    /// <param name="levels">Receives the levels.</param>
    /// <param name="rule">Receives what they mean.</param>
    /// <returns>What is wrong with the payload, or null.</returns>
    public string? DecodeNext(NncTensorInfo tensor, ParentLevels? parent, Span<int> levels, out LevelRule rule)
    {
        if (DecodeRule(tensor, out rule) is { } problem) return problem;
        LevelSyntax syntax = SyntaxOf(tensor);
        bool temporal = _unit.Header.Parent is { TemporalContexts: true };
        if (temporal && parent is null) return NeedsParent;
        ReadOnlySpan<int> baseLevels = temporal ? parent!.Levels : default;
        ReadOnlySpan<byte> history = _unit.Header.Parent is not null && parent is not null ? parent.History : default;
        LevelDecodingStatus status = LevelDecoder.Decode(ref _decoder, syntax, baseLevels, history, levels, _cancellationToken);
        return Problem(status, status == LevelDecodingStatus.Done && tensor.Codebook is { } codebook && LevelTensor.IndexOfForeignLevel(levels, codebook) >= 0);
    }

    /// <summary>Checks terminate bin, length and stop bit (section 6.5).</summary>
    public bool TryFinish() => _decoder.TryFinish();

    private static string? Problem(LevelDecodingStatus status, bool isForeign) => status switch
    {
        LevelDecodingStatus.Done => isForeign ? "a symbol is no index of the codebook" : null,
        LevelDecodingStatus.PayloadTooShort => "the payload ends before the tensor does",
        LevelDecodingStatus.LevelOutOfRange => "a level does not fit 32 bits",
        _ => NeedsParent,
    };

    private string? DecodeRule(NncTensorInfo tensor, out LevelRule rule)
    {
        rule = LevelRule.Integer;
        if (_unit.Header.PayloadType == NncPayloadType.Integer) return null;
        int qp = DecodeQp();
        int density = _unit.Quantization!.Value.Density;
        if (!LevelRule.HasFiniteStep(qp, density)) return $"QP {qp} at density {density} is a step size beyond binary32";
        rule = tensor.Codebook is null ? LevelRule.Uniform(qp, tensor.DependentQuantization, density) : LevelRule.FromCodebook(tensor.Codebook, qp, density);
        return null;
    }

    private int DecodeQp()
    {
        QuantizationDefaults quantization = _unit.Quantization!.Value;
        int bits = quantization.DeltaBits;
        int delta = (int)(_decoder.DecodeBypassBits(bits) << (32 - bits)) >> (32 - bits);
        return quantization.BaseQp + delta;
    }

    private readonly LevelSyntax SyntaxOf(NncTensorInfo tensor)
    {
        (int rows, int columns) = MatrixView.Of(tensor.Shape);
        return new LevelSyntax
        {
            Dialect = _dialect,
            RowCount = rows,
            RowLength = columns,
            GreaterFlagCount = tensor.GreaterFlagCount,
            DependentQuantization = tensor.DependentQuantization,
            ScanOrder = tensor.ScanOrder,
            CodebookSize = tensor.Codebook?.Size ?? 0,
            CodebookZero = tensor.Codebook?.ZeroIndex ?? 0,
            ParentNodePresent = _unit.Header.Parent is not null,
        };
    }

    // Looks ahead at the row flags with a decoder of its own.
    private readonly long CountUncoded(NncTensorInfo tensor, long maxBins)
    {
        if (_dialect != NncDialect.EditionTwo) return 0;
        if (tensor.Codebook is { Size: 1 }) return tensor.Shape.ElementCount;
        (int rows, int columns) = MatrixView.Of(tensor.Shape);
        if (rows <= 1 || columns <= 1 || rows > maxBins) return 0;
        PayloadDecoder ahead = this;
        if (_unit.Header.PayloadType != NncPayloadType.Integer) ahead.DecodeQp();
        if (_unit.Header.Parent is not null) ahead._decoder.DecodeBypass();
        if (ahead._decoder.DecodeBypass() == 0) return 0;
        CodingContext context = default;
        context.Initialize(0);
        long skipped = 0;
        for (int row = 0; row < rows; row++) skipped += ahead._decoder.DecodeBin(ref context) ? 1 : 0;
        return skipped * columns;
    }
}
