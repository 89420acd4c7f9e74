using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Nnc.Syntax;

namespace Tersor.Nnc;

/// <summary>
/// Writes an NNC stream: start unit and model parameter set at once, then a topology, then compressed data units in the order given. Flags are those
/// the public reference encoders write, so that their decoders read the stream.
/// </summary>
internal sealed class NncWriter
{
    private readonly Stream _destination;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private bool _hasData;

    /// <summary>Begins a stream.</summary>
    /// <param name="destination">Receives the bytes; need not be seekable; stays open.</param>
    /// <param name="settings">What holds for all units.</param>
    /// <exception cref="ArgumentException">Settings that the edition does not know, or out of range.</exception>
    public NncWriter(Stream destination, NncStreamSettings settings)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(settings);
        bool secondEdition = settings.Dialect == NncDialect.EditionTwo;
        if (!secondEdition && (settings.IsUpdate || settings.BaseModelId is not null))
            throw new ArgumentException("Updates and base model ids belong to edition 2.", nameof(settings));
        _destination = destination;
        Settings = settings;
        int profile = StartUnit.ProfileOf(settings.Dialect);
        WriteBytes(StartUnit.Write(profile));
        var parameters = new ModelParameterSet
        {
            ParentSignalling = settings.IsUpdate,
            BaseModelId = settings.BaseModelId,
            Quantization = new QuantizationDefaults(settings.Density, settings.BaseQp),
        };
        WriteBytes(parameters.Write(profile));
    }

    /// <summary>What holds for all units.</summary>
    public NncStreamSettings Settings { get; }

    /// <summary>Bytes written so far.</summary>
    public long ByteCount { get; private set; }

    /// <summary>Writes the topology unit; deflated where that is shorter. Comes before the tensors.</summary>
    /// <exception cref="InvalidOperationException">Tensors were written already.</exception>
    public void WriteTopology(Topology topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        if (_hasData) throw new InvalidOperationException("The topology comes before the tensors.");
        Append(TopologyUnit.Write(topology), CancellationToken.None);
    }

    /// <summary>Writes a unit of tensors.</summary>
    /// <exception cref="ArgumentException">A tensor of that name was written already.</exception>
    public void Write(EncodedUnit unit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(unit);
        foreach (string name in unit.Names)
        {
            if (!_names.Add(name)) throw new ArgumentException($"The name '{name}' occurs twice; names in a stream are unique.", nameof(unit));
        }

        _hasData = true;
        Append(unit, cancellationToken);
    }

    private void Append(EncodedUnit unit, CancellationToken cancellationToken)
    {
        unit.WriteTo(_destination, cancellationToken);
        ByteCount += unit.ByteCount;
    }

    private void WriteBytes(byte[] unit)
    {
        _destination.Write(unit);
        ByteCount += unit.Length;
    }
}
