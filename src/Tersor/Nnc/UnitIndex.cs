using System.Globalization;
using Tersor.Models;
using Tersor.Nnc.Syntax;

namespace Tersor.Nnc;

/// <summary>All units of a stream and the headers of its tensors, built without reading a payload.</summary>
internal sealed class UnitIndex
{
    // Most headers fit one read of this size.
    private const int WindowBytes = 512;

    // Three bytes make a unit; more of them than this are no model but an attack on memory.
    private const int MaxUnits = 1 << 21;

    private readonly List<NncUnitInfo> _units = [];
    private readonly List<CompressedDataUnit> _data = [];
    private readonly Dictionary<int, CompressedDataUnit> _dataByNumber = [];
    private readonly List<NncTensorInfo> _tensors = [];
    private readonly Dictionary<string, NncTensorInfo> _byName = new(StringComparer.Ordinal);

    private UnitIndex(int profile) => Profile = profile;

    public int Profile { get; }

    public ModelParameterSet? Parameters { get; private set; }

    public TopologyUnit? Topology { get; private set; }

    public IReadOnlyList<NncUnitInfo> Units => _units;

    public IReadOnlyList<CompressedDataUnit> Data => _data;

    /// <summary>Tensors as coded, in the order of the stream.</summary>
    public IReadOnlyList<NncTensorInfo> Tensors => _tensors;

    /// <summary>The compressed data unit with that ordinal in the stream, or null.</summary>
    public CompressedDataUnit? FindData(int number) => _dataByNumber.GetValueOrDefault(number);

    public NncTensorInfo? Find(string name) => _byName.GetValueOrDefault(name);

    public static UnitIndex Build(ByteSource source)
    {
        Span<byte> window = stackalloc byte[WindowBytes];
        if (source.Length == 0) throw new ModelFormatException(source.Name, null, 0, "the file is empty");
        var reader = new BitReader(source, 0, source.Length, window, unitNumber: 0);
        UnitHeader start = UnitHeader.Read(ref reader, source.Length);
        if (start.Type != NncUnitType.Start) throw new ModelFormatException(source.Name, null, 0, "the file does not begin with a start unit; it is not an NNC stream");
        int profile = StartUnit.Read(ref reader);
        if (profile > StartUnit.SecondEditionProfile)
            throw new UnsupportedModelException(source.Name, [string.Create(CultureInfo.InvariantCulture, $"profile {profile}: profiles 0 (first edition) and 1 (second edition) are read")]);
        var index = new UnitIndex(profile);
        index._units.Add(new NncUnitInfo(0, start.Type, start.Offset, start.UnitBytes));
        index.AddUnits(source, start.End, window);
        return index;
    }

    private void AddUnits(ByteSource source, long offset, Span<byte> window)
    {
        QuantizationDefaults? quantization = null;
        IReadOnlyList<string> references = [];
        while (offset < source.Length)
        {
            if (_units.Count == MaxUnits) throw new ResourceLimitException($"{source.Name}: more than {MaxUnits} units; no model has as many.");
            var reader = new BitReader(source, offset, source.Length, window, _units.Count);
            UnitHeader unit = UnitHeader.Read(ref reader, source.Length);
            switch (unit.Type)
            {
                case NncUnitType.Start:
                    throw reader.Malformed("a second start unit; cut the file into streams there");
                case NncUnitType.ModelParameterSet:
                    Parameters = ModelParameterSet.Read(ref reader, Profile);
                    quantization = Parameters.Quantization;
                    break;
                case NncUnitType.LayerParameterSet:
                    quantization = LayerParameterSet.Read(ref reader) ?? quantization;
                    break;
                case NncUnitType.Topology:
                    var topology = TopologyUnit.Read(ref reader);
                    if (topology.StorageFormat == TopologyUnit.ReferenceListFormat) references = topology.References;
                    else Topology = topology;
                    break;
                case NncUnitType.CompressedData:
                    if (Parameters is null) throw reader.Malformed("tensors come before the model parameter set");
                    Add(ref reader, CompressedDataUnit.Read(ref reader, unit, Profile, Parameters, quantization, references));
                    break;
            }

            _units.Add(new NncUnitInfo(_units.Count, unit.Type, unit.Offset, unit.UnitBytes));
            offset = unit.End;
        }
    }

    private void Add(ref BitReader reader, CompressedDataUnit unit)
    {
        _data.Add(unit);
        _dataByNumber.Add(unit.Info.Number, unit);
        foreach (NncTensorInfo tensor in unit.Tensors)
        {
            if (!_byName.TryAdd(tensor.Name, tensor)) throw reader.Malformed($"the name '{tensor.Name}' occurs twice; names must be unique");
            _tensors.Add(tensor);
        }
    }
}
