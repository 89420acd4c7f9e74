using Tersor.Models;
using Tersor.Nnc;
using Tersor.Quantization;

namespace Tersor.Codec;

/// <summary>The tables of shared values of a stream, decoded when first asked for. Safe from several threads.</summary>
internal sealed class SharedTables
{
    private readonly Lazy<SharedValueTable[]> _tables;

    private SharedTables(NncReader reader, NncTensorInfo info)
    {
        Info = info;
        _tables = new Lazy<SharedValueTable[]>(() => Read(reader, info));
    }

    /// <summary>The tensor that holds the tables.</summary>
    public NncTensorInfo Info { get; }

    /// <summary>The table of the index tensor of that place among the index tensors.</summary>
    public SharedValueTable this[int ordinal] => _tables.Value[ordinal];

    /// <summary>The tables of a stream, or null where it has none.</summary>
    public static SharedTables? Find(NncReader reader) =>
        reader.Find(StreamNames.Tables) is { PayloadType: NncPayloadType.Integer } info ? new SharedTables(reader, info) : null;

    private static SharedValueTable[] Read(NncReader reader, NncTensorInfo info)
    {
        int count = reader.Tensors.Count(tensor => tensor.PayloadType == NncPayloadType.Integer && StreamNames.TryParseIndex(tensor.Name, out _, out _));
        int[] numbers = new int[reader.CountElements(info)];
        reader.DecodeIntegers(info, numbers);
        return SharedValueTable.TrySplit(numbers, count, out SharedValueTable[]? tables)
            ? tables
            : throw new ModelFormatException(reader.Source, $"tensor '{info.Name}'", info.UnitOffset, $"it does not hold {count} tables; the file is damaged, fetch it again");
    }
}
