using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Tersor.Models.DeepCompression;

/// <summary>
/// The files that the authors of Deep Compression (Han, Mao, Dally, ICLR 2016) released. Little-endian, without magic, shapes or Huffman stage:
/// 1. u32 per layer, all layers first: number of entries (weights that are left, plus fillers).
/// 2. per layer: codebook, 256 or 16 binary32; biases, binary32; ids, 8 or 4 bits per entry; gaps, 4 bits per entry (see <see cref="SparseIds"/>).
///    Of two 4-bit values in a byte the first is the low one; an odd count leaves the last high one 0.
/// </summary>
public sealed class DeepCompressionFile
{
    private readonly ByteSource _source;
    private readonly List<LayerPlace> _places;

    private DeepCompressionFile(ByteSource source, DeepCompressionNetwork network, List<LayerPlace> places)
    {
        _source = source;
        Network = network;
        _places = places;
    }

    /// <summary>The network that the file fits.</summary>
    public DeepCompressionNetwork Network { get; }

    /// <summary>Entries per layer: weights that are left, plus fillers.</summary>
    public IReadOnlyList<int> EntryCounts => [.. _places.Select(place => place.EntryCount)];

    /// <summary>Reads the entry counts and checks that the layers fill the file exactly and stay within their shapes.</summary>
    /// <param name="source">The whole file, which must outlive this object.</param>
    /// <param name="network">What to expect; if null, whichever of <see cref="DeepCompressionNetwork.Known"/> fits.</param>
    /// <exception cref="ModelFormatException">The bytes do not fit the network.</exception>
    public static DeepCompressionFile Open(ByteSource source, DeepCompressionNetwork? network = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        IReadOnlyList<DeepCompressionNetwork> candidates = network is null ? DeepCompressionNetwork.Known : [network];
        foreach (DeepCompressionNetwork candidate in candidates)
        {
            byte[] counts = new byte[Math.Min(source.Length, candidate.Layers.Count * sizeof(uint))];
            source.Read(0, counts);
            if (!TryPlace(counts, source.Length, candidate, out List<LayerPlace> places)) continue;
            DeepCompressionFile file = new(source, candidate, places);
            file.CheckPositions();
            return file;
        }

        string names = string.Join(" or ", candidates.Select(candidate => candidate.Name));
        throw new ModelFormatException(
            source.Name, null, 0, $"the {source.Length} bytes do not fit {names}; the file is truncated, or of a network without description");
    }

    /// <summary>Decodes a layer.</summary>
    /// <exception cref="ModelFormatException">The file ends early, or changed since it was opened.</exception>
    public DeepCompressionLayer ReadLayer(int index)
    {
        LayerPlace place = _places[index];
        DeepCompressionLayerShape shape = place.Shape;
        byte[] ids = Take(place.IdOffset, SparseIds.PackedLength(place.EntryCount, shape.IdBits));
        byte[] gaps = Take(place.GapOffset, SparseIds.PackedLength(place.EntryCount, 4));
        CheckPosition(place, gaps);
        byte[] dense = new byte[shape.Shape.ElementCount];
        SparseIds.Decode(ids, gaps, place.EntryCount, shape.IdBits, dense);
        float[] codebook = Singles(place.CodebookOffset, shape.CodebookLength);
        float[] bias = Singles(place.BiasOffset, shape.OutputCount);
        return new DeepCompressionLayer(shape, codebook, bias, dense);
    }

    /// <summary>Writes layers in the same format. Decoding a released file and encoding it again gives its bytes.</summary>
    /// <exception cref="ArgumentException">The layers are not those of the network, in order.</exception>
    public static byte[] Encode(DeepCompressionNetwork network, IReadOnlyList<DeepCompressionLayer> layers)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(layers);
        if (!network.Layers.SequenceEqual(layers.Select(layer => layer.Description)))
            throw new ArgumentException($"The layers are not those of {network.Name}, in order.", nameof(layers));
        using MemoryStream counts = new();
        using MemoryStream content = new();
        Span<byte> number = stackalloc byte[4];
        foreach (DeepCompressionLayer layer in layers)
        {
            (byte[] ids, byte[] gaps, int entryCount) = SparseIds.Encode(layer.Ids.Span, layer.Description.IdBits);
            BinaryPrimitives.WriteInt32LittleEndian(number, entryCount);
            counts.Write(number);
            foreach (ReadOnlyMemory<float> values in (ReadOnlySpan<ReadOnlyMemory<float>>)[layer.Codebook, layer.Bias])
            {
                foreach (float value in values.Span)
                {
                    BinaryPrimitives.WriteSingleLittleEndian(number, value);
                    content.Write(number);
                }
            }

            content.Write(ids);
            content.Write(gaps);
        }

        content.WriteTo(counts);
        return counts.ToArray();
    }

    /// <summary>Whether the start of a file of that length states entry counts that fill it exactly.</summary>
    internal static bool Fits(ReadOnlySpan<byte> start, long fileLength, DeepCompressionNetwork network) =>
        TryPlace(start, fileLength, network, out _);

    /// <summary>The biases where they lie in the file.</summary>
    internal ByteSource BiasBytes(int index) => _source.Slice(_places[index].BiasOffset, (long)_places[index].Shape.OutputCount * sizeof(float));

    private static bool TryPlace(ReadOnlySpan<byte> counts, long fileLength, DeepCompressionNetwork network, out List<LayerPlace> places)
    {
        places = new(network.Layers.Count);
        long offset = (long)network.Layers.Count * sizeof(uint);
        if (counts.Length < offset) return false;
        foreach (DeepCompressionLayerShape shape in network.Layers)
        {
            uint entryCount = BinaryPrimitives.ReadUInt32LittleEndian(counts);
            counts = counts[sizeof(uint)..];

            // Every entry stands on a weight of its own.
            if (entryCount > shape.Shape.ElementCount) return false;
            long bias = offset + ((long)shape.CodebookLength * sizeof(float));
            long ids = bias + ((long)shape.OutputCount * sizeof(float));
            long gaps = ids + SparseIds.PackedLength(entryCount, shape.IdBits);
            places.Add(new LayerPlace(shape, (int)entryCount, offset, bias, ids, gaps));
            offset = gaps + SparseIds.PackedLength(entryCount, 4);
        }

        return offset == fileLength;
    }

    private void CheckPositions()
    {
        foreach (LayerPlace place in _places) CheckPosition(place, Take(place.GapOffset, SparseIds.PackedLength(place.EntryCount, 4)));
    }

    private void CheckPosition(LayerPlace place, ReadOnlySpan<byte> gaps)
    {
        long last = SparseIds.LastPosition(gaps, place.EntryCount);
        if (last >= place.Shape.Shape.ElementCount)
        {
            throw new ModelFormatException(
                _source.Name,
                $"layer '{place.Shape.Name}'",
                place.GapOffset,
                $"its gaps lead to weight {last} of {place.Shape.Shape.ElementCount}; the file is damaged, or not of {Network.Name}");
        }
    }

    private byte[] Take(long offset, long length)
    {
        byte[] bytes = new byte[length];
        _source.Read(offset, bytes);
        return bytes;
    }

    private float[] Singles(long offset, int count)
    {
        float[] values = new float[count];
        _source.Read(offset, MemoryMarshal.AsBytes(values.AsSpan()));
        if (BitConverter.IsLittleEndian) return values;
        Span<int> bits = MemoryMarshal.Cast<float, int>(values.AsSpan());
        BinaryPrimitives.ReverseEndianness(bits, bits);
        return values;
    }

    private sealed record LayerPlace(
        DeepCompressionLayerShape Shape, int EntryCount, long CodebookOffset, long BiasOffset, long IdOffset, long GapOffset);
}
