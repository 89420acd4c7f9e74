namespace Tersor.EntropyCoding;

/// <summary>Writes bins into a codeword.</summary>
internal struct ArithmeticSink : IBinSink
{
    private readonly ArithmeticEncoder _encoder;
    private readonly CodingContext[] _contexts;
    private readonly List<BlockRowBorder>? _borders;
    private long _lastBorder;

    /// <summary>Bins go to <paramref name="encoder"/>, with contexts that are set up already; the first symbol's bins come next.</summary>
    public ArithmeticSink(ArithmeticEncoder encoder, CodingContext[] contexts, List<BlockRowBorder>? borders)
    {
        _encoder = encoder;
        _contexts = contexts;
        _borders = borders;
        _lastBorder = encoder.BitPosition;
    }

    /// <inheritdoc/>
    public readonly void Bin(int context, int bin) => _encoder.EncodeBin(ref _contexts[context], bin);

    /// <inheritdoc/>
    public readonly void Bypass(uint value, int bitCount) => _encoder.EncodeBypassBits(value, bitCount);

    /// <inheritdoc/>
    public void EnterBlockRow(int quantizerState)
    {
        foreach (ref CodingContext context in _contexts.AsSpan()) context.Reset();
        _encoder.RestartRange();
        long position = _encoder.BitPosition;
        _borders?.Add(new BlockRowBorder(position, position - _lastBorder, _encoder.OpenLow, quantizerState));
        _lastBorder = position;
    }

    /// <inheritdoc/>
    public readonly void EnterSample() => throw new InvalidOperationException("What is written is never sampled.");
}
