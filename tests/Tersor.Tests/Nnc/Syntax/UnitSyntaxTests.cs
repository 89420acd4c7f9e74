using System.IO.Compression;
using Tersor.Models;
using Tersor.Nnc;
using Tersor.Nnc.Syntax;

namespace Tersor.Tests.Nnc.Syntax;

public class UnitSyntaxTests
{
    [Fact]
    public void An_MPS_of_the_second_edition_with_every_optional_part_is_read()
    {
        byte[] parameters = Streams.Unit(NncUnitType.ModelParameterSet, body =>
        {
            body.WriteFlag(true);
            body.WriteBits(0b1111, 4);
            body.WriteBits(3, 3);
            body.WriteFlag(false);
            body.WriteBits(0b1111100, 7);
            body.WriteString("base/model");
            body.WriteString("top-1");
            body.WriteBits(4, 3);
            body.WriteSigned(-77, 13);
            PerformanceMaps(body);
            body.WriteSingle(0.75f);
            body.WriteAlignment();
        });
        byte[] stream = Streams.Join(StartUnit.SecondEditionProfile, parameters);
        using NncReader reader = NncReader.Open(stream);
        Assert.Equal(("base/model", true, (4, -77)), (reader.BaseModelId, reader.IsUpdate, reader.Quantization!.Value));
    }

    [Fact]
    public void An_MPS_of_the_first_edition_with_performance_maps_is_read()
    {
        byte[] parameters = Streams.Unit(NncUnitType.ModelParameterSet, body =>
        {
            body.WriteFlag(true);
            body.WriteBits(0b1111, 4);
            body.WriteBits(1, 3);
            body.WriteFlag(false);
            body.WriteBits(0, 7);
            body.WriteBits(2, 3);
            body.WriteSigned(3, 13);
            PerformanceMaps(body);
            body.WriteAlignment();
        });
        using NncReader reader = NncReader.Open(Streams.Join(StartUnit.FirstEditionProfile, parameters));
        Assert.Equal((2, 3), reader.Quantization);
    }

    [Fact]
    public void An_MPS_without_quantization_leaves_raw_and_integer_tensors_readable()
    {
        byte[] parameters = Streams.Unit(NncUnitType.ModelParameterSet, body =>
        {
            body.WriteBits(0x80, 8);
            body.WriteBits(0, 8);
            body.WriteAlignment();
        });
        using NncReader reader = NncReader.Open(Streams.Join(StartUnit.SecondEditionProfile, parameters, Streams.IntegerUnit("i", 5, -7)));
        Assert.Null(reader.Quantization);
        Assert.Equal([5, -7], reader.DecodeLevels(reader.Tensors[0]).Levels);
        Assert.Throws<ModelFormatException>(() => NncReader.Open(Streams.Join(StartUnit.SecondEditionProfile, parameters, Streams.Example[18..])));
    }

    [Fact]
    public void A_base_QP_is_added_to_the_QP_of_every_tensor()
    {
        byte[] shifted = [.. Streams.Example];
        shifted[9] = 0x40;
        shifted[10] = 0x04;
        Assert.Equal(4, NncReader.Open(shifted).Quantization!.Value.BaseQp);
        Assert.Equal(Streams.ExampleValues.Select(value => value * 2), NncReader.Open(shifted).DecodeSingles("w"));
    }

    [Fact]
    public void An_LPS_replaces_density_and_base_QP_for_the_units_after_it()
    {
        byte[] layer = Streams.Unit(NncUnitType.LayerParameterSet, body =>
        {
            body.WriteBits(0, 8);
            body.WriteBits(0b0000_0010, 8);
            body.WriteBits(2, 3);
            body.WriteSigned(8, 13);
            body.WriteAlignment();
        });
        byte[] stream = [.. Streams.Example[..18], .. layer, .. Streams.Example[18..]];
        Assert.Equal(Streams.ExampleValues.Select(value => value * 4), NncReader.Open(stream).DecodeSingles("w"));
    }

    [Theory]
    [InlineData(NncUnitType.Quantization)]
    [InlineData(NncUnitType.Aggregate)]
    [InlineData((NncUnitType)63)]
    public void Units_that_are_not_understood_are_skipped_by_their_size(NncUnitType type)
    {
        byte[] foreign = Streams.Unit(type, body => body.WriteBytes("anything at all"u8));
        byte[] stream = [.. Streams.Example[..18], .. foreign, .. Streams.Example[18..]];
        using NncReader reader = NncReader.Open(stream);
        Assert.Equal(Streams.ExampleValues, reader.DecodeSingles("w"));
        Assert.Equal(type, reader.Units[3].Type);
        Assert.Equal(stream.Length, reader.Units.Sum(unit => (long)unit.ByteCount));
    }

    [Fact]
    public void The_long_form_of_the_size_is_read_for_any_length()
    {
        byte[] stream = [0x80, 0x00, 0x00, 0x06, 0x02, 0x01, .. Streams.Example[4..]];
        Assert.True(NncReader.Matches(stream));
        Assert.Equal(Streams.ExampleValues, NncReader.Open(stream).DecodeSingles("w"));
    }

    [Theory]
    [InlineData(32764, 3)]
    [InlineData(32765, 5)]
    public void The_short_form_of_the_size_is_written_up_to_32767_bytes(int bodyBytes, int headBytes)
    {
        var writer = new BitWriter();
        UnitHeader.Write(writer, NncUnitType.CompressedData, bodyBytes);
        Assert.Equal(headBytes, writer.ToSpan().Length);
        int size = headBytes == 3 ? (writer.ToSpan()[0] << 8) | writer.ToSpan()[1] : (writer.ToSpan()[2] << 8) | writer.ToSpan()[3];
        Assert.Equal(headBytes + bodyBytes, size);
    }

    [Fact]
    public void A_unit_beyond_its_size_field_is_refused() =>
        Assert.Throws<ResourceLimitException>(() => UnitHeader.Write(new BitWriter(), NncUnitType.CompressedData, int.MaxValue));

    [Fact]
    public void Tensors_can_be_named_by_their_place_in_a_topology_list()
    {
        byte[] stream = Streams.Join(
            StartUnit.SecondEditionProfile, IndexedParameters(), Streams.NameList("a", "b", "weights of c"), IndexedUnit(2), IndexedUnit(0));
        using NncReader reader = NncReader.Open(stream);
        Assert.Equal(["weights of c", "a"], reader.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(Streams.ExampleValues, reader.DecodeSingles("weights of c"));
        Assert.Equal(TopologyFormat.None, reader.TopologyFormat);
    }

    [Fact]
    public void An_index_beyond_the_topology_list_is_refused() =>
        Assert.Throws<ModelFormatException>(() => NncReader.Open(Streams.Join(
            StartUnit.SecondEditionProfile, IndexedParameters(), Streams.NameList("a", "b"), IndexedUnit(2))));

    [Fact]
    public void A_list_of_more_names_than_bytes_is_refused()
    {
        byte[] topology = Streams.Unit(NncUnitType.Topology, body =>
        {
            body.WriteBits(6, 8);
            body.WriteBits(0, 8);
            body.WriteExpGolomb(1L << 40, 7);
            body.WriteAlignment();
        });
        Assert.Throws<ModelFormatException>(() => NncReader.Open(Streams.Join(1, Streams.Parameters, topology)));
    }

    [Theory]
    [InlineData(TopologyFormat.None)]
    [InlineData(TopologyFormat.PyTorch)]
    [InlineData(TopologyFormat.TensorFlow)]
    public void An_empty_topology_is_written_as_the_reference_does(TopologyFormat format)
    {
        byte[] stream = Streams.Write(NncStreamSettings.Default, new Topology(format, default));
        Assert.Equal([0x00, 0x06, 0x0E, (byte)format, 0x00, 0x00], stream[12..]);
        Topology read = NncReader.Open(stream).ReadTopology();
        Assert.Equal(format, read.Format);
        Assert.True(read.Bytes.IsEmpty);
    }

    [Theory]
    [InlineData(100_000, 1)]
    [InlineData(3, 0)]
    public void A_topology_is_deflated_where_that_is_shorter_and_comes_back(int length, byte compression)
    {
        byte[] network = [.. Enumerable.Range(0, length).Select(i => (byte)(i / 100))];
        byte[] stream = Streams.Write(NncStreamSettings.Default, new Topology(TopologyFormat.Onnx, network));
        Assert.Equal(compression, stream[16]);
        Topology read = NncReader.Open(stream).ReadTopology();
        Assert.Equal(TopologyFormat.Onnx, read.Format);
        Assert.Equal(network, read.Bytes.ToArray());
    }

    [Fact]
    public void A_topology_deflated_without_zlib_header_is_read()
    {
        byte[] network = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i / 50))];
        using var deflated = new MemoryStream();
        using (var deflate = new DeflateStream(deflated, CompressionLevel.Optimal)) deflate.Write(network);
        Topology read = NncReader.Open(Streams.Join(1, Streams.Parameters, Topology(1, deflated.ToArray()))).ReadTopology();
        Assert.Equal(network, read.Bytes.ToArray());
    }

    [Fact]
    public void A_damaged_or_endless_topology_is_refused()
    {
        byte[] stream = Streams.Write(NncStreamSettings.Default, new Topology(TopologyFormat.Onnx, new byte[1 << 20]));
        byte[] damaged = [.. stream];
        damaged[^1] ^= 1;
        Assert.Throws<ModelFormatException>(() => NncReader.Open(damaged).ReadTopology());
        Assert.Throws<ResourceLimitException>(() => NncReader.Open(stream, new NncReadOptions { MaxTopologyBytes = 1 << 16 }).ReadTopology());
        Assert.Throws<UnsupportedModelException>(() => NncReader.Open(Streams.Join(1, Streams.Parameters, Topology(9, [1, 2]))).ReadTopology());
    }

    [Theory]
    [InlineData("")]
    [InlineData("0008068100400080")]
    [InlineData("0003")]
    [InlineData("00020201")]
    [InlineData("000402")]
    public void What_does_not_begin_with_a_start_unit_is_no_stream(string bytes) =>
        Assert.Throws<ModelFormatException>(() => NncReader.Open(Convert.FromHexString(bytes)));

    [Fact]
    public void Units_out_of_order_are_refused()
    {
        Assert.Throws<ModelFormatException>(() => Streams.Open([.. Streams.Example[..4], .. Streams.Example[18..]]));
        Assert.Throws<ModelFormatException>(() => Streams.Open([.. Streams.Example, .. Streams.Example]));
        Assert.Throws<ModelFormatException>(() => Streams.Open([.. Streams.Example, .. Streams.Example[18..]]));
    }

    [Fact]
    public void A_profile_of_the_future_is_unsupported() =>
        Assert.Throws<UnsupportedModelException>(() => Streams.Open([0x00, 0x04, 0x02, 0x02]));

    [Fact]
    public void Units_that_ask_for_the_unknown_are_listed_and_the_others_decode()
    {
        byte[] payloadType = Streams.Unit(NncUnitType.CompressedData, body =>
        {
            body.WriteBits(9 << 3, 8);
            body.WriteString("strange");
        });
        byte[] noDimensions = Streams.Unit(NncUnitType.CompressedData, body =>
        {
            body.WriteBits(0b00001_000, 8);
            body.WriteString("bare");
            body.WriteBits(0, 8);
        });
        byte[] stream = [.. Streams.Example, .. payloadType, .. noDimensions];
        using NncReader reader = NncReader.Open(stream);
        Assert.Equal(2, reader.Unsupported.Count);
        Assert.Contains("'strange'", reader.Unsupported[0], StringComparison.Ordinal);
        Assert.Contains("'bare'", reader.Unsupported[1], StringComparison.Ordinal);
        Assert.Equal(Streams.ExampleValues, reader.DecodeSingles("w"));
        Assert.Throws<UnsupportedModelException>(() => reader.DecodeUnit(4));
        Assert.Equal(2, Assert.Throws<UnsupportedModelException>(() => new NncSequenceDecoder().Decode(reader)).Items.Count);
    }

    [Fact]
    public void Codebooks_of_every_shape_come_back()
    {
        foreach (NncCodebook codebook in Codebooks())
        {
            var writer = new BitWriter();
            CodebookSyntax.Write(writer, codebook);
            writer.WriteAlignment();
            byte[] bytes = writer.ToSpan().ToArray();
            var reader = new BitReader(ByteSource.FromMemory(bytes), 0, bytes.Length, new byte[64], unitNumber: 0);
            NncCodebook read = CodebookSyntax.Read(ref reader);
            Assert.Equal(codebook.ZeroIndex, read.ZeroIndex);
            Assert.Equal(codebook.Entries.ToArray(), read.Entries.ToArray());
        }
    }

    [Fact]
    public void A_codebook_that_its_unit_cannot_hold_is_refused_before_memory_is_set_aside()
    {
        var writer = new BitWriter();
        writer.WriteBits(0, 4);
        writer.WriteExpGolomb(CodebookSyntax.MaxEntries, 2);
        writer.WriteSignedExpGolomb(0, 2);
        writer.WriteAlignment();
        byte[] bytes = writer.ToSpan().ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() =>
        {
            var reader = new BitReader(ByteSource.FromMemory(bytes), 0, bytes.Length, new byte[64], unitNumber: 0);
            CodebookSyntax.Read(ref reader);
        });
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
    }

    private static IEnumerable<NncCodebook> Codebooks()
    {
        yield return new NncCodebook([0], 0);
        yield return new NncCodebook([-5], 0);
        yield return new NncCodebook([int.MinValue, 0, int.MaxValue], 1);
        Seeded random = new(3);
        for (int i = 0; i < 50; i++)
        {
            int[] entries = new int[1 + random.NextInt(40)];
            entries[0] = random.NextInt(200) - 100;
            for (int k = 1; k < entries.Length; k++) entries[k] = entries[k - 1] + 1 + random.NextInt(1 << random.NextInt(12));
            yield return new NncCodebook(entries, random.NextInt(entries.Length));
        }
    }

    // One entry in each: counts are stored one too high.
    private static void PerformanceMaps(BitWriter body)
    {
        foreach (int singles in new[] { 3, 2 })
        {
            body.WriteBits(2, 8);
            Singles(body, singles);
            ClassAccuracies(body);
        }

        body.WriteBits(2, 8);
        body.WriteExpGolomb(3, 1);
        body.WriteExpGolomb(64, 7);
        body.WriteExpGolomb(9, 7);
        body.WriteAlignment();
        body.WriteBits(3, 8);
        body.WriteBits(0x1122, 16);
        body.WriteBits(2, 8);
        body.WriteBits(0x33, 8);
        Singles(body, 2);
        ClassAccuracies(body);

        body.WriteBits(2, 8);
        Singles(body, 3);
        body.WriteBits(2, 16);
        Singles(body, 2);
    }

    private static void ClassAccuracies(BitWriter body)
    {
        body.WriteBits(2, 8);
        body.WriteExpGolomb(300, 7);
        Singles(body, 2);
    }

    private static void Singles(BitWriter body, int count)
    {
        for (int i = 0; i < count; i++) body.WriteSingle(0.5f + i);
    }

    private static byte[] IndexedParameters() => new ModelParameterSet { IndexedReferences = true, Quantization = new QuantizationDefaults(2, 0) }.Write(StartUnit.SecondEditionProfile);

    // The example's unit with its name replaced by an index.
    private static byte[] IndexedUnit(int index) => Streams.Unit(NncUnitType.CompressedData, body =>
    {
        body.WriteBits(0x09, 8);
        body.WriteExpGolomb(index, 7);
        body.WriteBytes(Streams.Example.AsSpan(24));
    });

    private static byte[] Topology(uint compression, byte[] data) => Streams.Unit(NncUnitType.Topology, body =>
    {
        body.WriteBits(2, 8);
        body.WriteBits(compression, 8);
        body.WriteBytes(data);
    });
}
