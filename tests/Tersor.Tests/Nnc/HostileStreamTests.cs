using Tersor.EntropyCoding;
using Tersor.Fuzz;
using Tersor.Models;
using Tersor.Nnc;
using Tersor.Nnc.Syntax;

namespace Tersor.Tests.Nnc;

public class HostileStreamTests
{
    // What a damaged stream may cost: its bytes buy levels at 1024 to a byte, read and composed a few times over.
    private const long AllocationPerByte = 1024 * 4 * 8;
    private const long FixedAllocation = 1 << 20;

    public static TheoryData<string> SmallVectors => [.. NncVectors.Single().Where(vector => vector.Stream.Length < 290).Select(vector => vector.Name).DefaultIfEmpty("absent")];

    [Fact]
    public void Every_prefix_and_every_flipped_bit_of_small_streams_ends_in_success_or_a_clear_error()
    {
        foreach (byte[] stream in OwnStreams())
        {
            foreach (byte[] prefix in Mutations.Truncations(stream)) Attack(prefix);
            foreach (byte[] flipped in Mutations.SingleBitFlips(stream)) Attack(flipped);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(SmallVectors))]
    public void Every_prefix_and_every_flipped_bit_of_a_vector_ends_in_success_or_a_clear_error(string name)
    {
        byte[] stream = NncVectors.Load(name)[0].Stream;
        foreach (byte[] prefix in Mutations.Truncations(stream)) Attack(prefix);
        foreach (byte[] flipped in Mutations.SingleBitFlips(stream)) Attack(flipped);
    }

    [SkippableFact]
    public void A_stream_cut_between_units_holds_the_tensors_before_the_cut()
    {
        SharedAssets.Require("vectors/nnc");
        foreach (NncVector vector in NncVectors.Single())
        {
            using NncReader whole = NncReader.Open(vector.Stream);
            foreach (NncUnitInfo unit in whole.Units.Skip(1))
            {
                using NncReader reader = NncReader.Open(vector.Stream.AsMemory(..(int)unit.Offset));
                Assert.Equal(whole.Tensors.Count(tensor => tensor.UnitNumber < unit.Number), reader.Tensors.Count);
                foreach (NncTensorInfo tensor in reader.Tensors) RoundTripTests.AssertEqual(whole.DecodeLevels(whole.Find(tensor.Name)!), reader.DecodeLevels(tensor));
                ModelFormatException error = Assert.Throws<ModelFormatException>(() => NncReader.Open(vector.Stream.AsMemory(..((int)unit.Offset + 1))));
                Assert.InRange(error.Offset, unit.Offset, unit.Offset + 1);
            }
        }
    }

    [Fact]
    public void Seeded_mutations_of_streams_of_every_kind_end_in_success_or_a_clear_error()
    {
        ulong seed = 1;
        foreach (byte[] stream in OwnStreams())
        {
            foreach (byte[] mutation in Mutations.Random(stream, seed++, 400)) Attack(mutation);
        }
    }

    [Theory]
    [InlineData(1L << 20, 1L << 20)]
    [InlineData(1L << 31, 1L << 31)]
    [InlineData(1L << 15, 1L << 15)]
    [InlineData(1L << 40, 1L)]
    [InlineData(1L, 1L << 30)]
    public void Forty_bytes_that_declare_any_number_of_elements_allocate_next_to_nothing(long rows, long columns)
    {
        foreach (int profile in new[] { 0, 1 })
        {
            byte[] stream = Declare(profile, rows, columns, null, [0x12, 0x34, 0x56, 0x80]);
            Assert.InRange(stream.Length, 30, 48);
            long before = GC.GetAllocatedBytesForCurrentThread();
            using NncReader reader = NncReader.Open(stream);
            Exception? error = Record.Exception(() => reader.DecodeSingles("w"));
            Assert.True(error is ModelFormatException or ResourceLimitException, error?.ToString());
            Assert.True(Record.Exception(() => reader.DecodeUnit(reader.Tensors[0].UnitNumber)) is ModelFormatException or ResourceLimitException);
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
        }
    }

    [Fact]
    public void Dimensions_whose_product_overflows_are_refused_at_once() =>
        Assert.Throws<ModelFormatException>(() => NncReader.Open(Declare(1, 1L << 40, 1L << 40, null, [0x80])));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Elements_that_take_no_bits_come_up_to_the_limit_and_no_further(bool skippedRows)
    {
        var shape = new TensorShape(16, 1 << 20);
        LevelRule rule = skippedRows ? LevelRule.Uniform(0, dependent: false) : LevelRule.FromCodebook(new NncCodebook([3], 0), 0);
        NncUnitOptions encoding = NncUnitOptions.Default with { Coding = LevelEncoderOptions.Default with { RowSkipping = RowSkipping.On } };
        byte[] stream = Streams.Write(NncStreamSettings.Default, null, NncUnitEncoder.Encode(new LevelTensor("w", shape, new int[1 << 24], rule), NncStreamSettings.Default, encoding));
        Assert.InRange(stream.Length, 30, 60);

        using NncReader generous = NncReader.Open(stream);
        Assert.Equal(1 << 24, generous.CountElements(generous.Tensors[0]));
        float[] values = generous.DecodeSingles("w");
        Assert.False(values.AsSpan().ContainsAnyExcept(skippedRows ? 0f : 3f));

        using NncReader strict = NncReader.Open(stream, new NncReadOptions { MaxUncodedElements = (1 << 24) - 1 });
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ResourceLimitException>(() => strict.DecodeSingles("w"));
        Assert.Throws<ResourceLimitException>(() => strict.DecodeUnit(2));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void Small_factors_do_not_buy_a_huge_product()
    {
        var full = new TensorShape(4000, 4000);
        NncUnitOptions encoding = NncUnitOptions.Default with { DecomposedShape = full };
        LevelTensor[] factors =
        [
            new("w_G", new TensorShape(4000, 1), new int[4000], LevelRule.Uniform(0, dependent: false), NncTensorRole.LeftFactor),
            new("w_H", new TensorShape(1, 4000), new int[4000], LevelRule.Uniform(0, dependent: false), NncTensorRole.RightFactor),
        ];
        byte[] stream = Streams.Write(NncStreamSettings.Default, null, NncUnitEncoder.EncodeBlock(factors, NncStreamSettings.Default, encoding));
        using NncReader generous = NncReader.Open(stream);
        Assert.Equal(16_000_000, generous.CountElements(generous.FindComposed("w")!));
        Assert.Throws<ResourceLimitException>(() => NncReader.Open(stream, new NncReadOptions { MaxUncodedElements = 1 << 14 }).DecodeSingles("w"));
    }

    [Fact]
    public void A_file_of_the_smallest_units_is_opened_in_bounded_memory()
    {
        byte[] stream = [.. Streams.Example[..4], .. Enumerable.Repeat(new byte[] { 0x00, 0x03, 0xFF }, 50_000).SelectMany(unit => unit)];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => NncReader.Open(stream));
        stream = [.. Streams.Example[..4], .. Enumerable.Repeat(new byte[] { 0x00, 0x03, 0xFE }, 50_000).SelectMany(unit => unit)];
        Assert.Equal(50_001, NncReader.Open(stream).Units.Count);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100L * stream.Length);
    }

    [Fact]
    public void Damage_is_reported_with_file_tensor_and_place()
    {
        byte[] damaged = [.. Streams.Example];
        damaged[^1] ^= 0x10;
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => NncReader.Open(ByteSource.FromMemory(damaged, "model.nnc")).DecodeSingles("w"));
        Assert.Equal(("model.nnc", "tensor 'w'", 18L), (error.File, error.Item, error.Offset));
    }

    [Fact]
    public void A_step_size_beyond_binary32_is_refused()
    {
        byte[] stream = [.. Streams.Example];
        stream[9] = 0x0F;
        stream[10] = 0xFF;
        Assert.Contains("step size", Assert.Throws<ModelFormatException>(() => NncReader.Open(stream).DecodeSingles("w")).Message, StringComparison.Ordinal);
    }

    /// <summary>Streams of every payload type and dialect, with topology, blocks, factors, codebooks and updates, none larger than needed.</summary>
    private static IEnumerable<byte[]> OwnStreams()
    {
        yield return Streams.Example;
        foreach (NncDialect dialect in new[] { NncDialect.EditionOne, NncDialect.EditionTwo })
        {
            NncStreamSettings settings = Streams.Settings(dialect);
            var make = new TensorMaker(17);
            var shape = new TensorShape(3, 4);
            NncUnitOptions options = NncUnitOptions.Default with { GreaterFlagCount = 2, DecomposedShape = new TensorShape(3, 2, 2), ParameterId = 1 };
            yield return Streams.Write(
                settings,
                new Topology(TopologyFormat.Onnx, new byte[300]),
                NncUnitEncoder.Encode(make.Tensor("u", shape, LevelRule.Uniform(-9, dependent: false)), settings, options),
                NncUnitEncoder.Encode(make.Tensor("c", shape, LevelRule.FromCodebook(new NncCodebook([-4, 0, 5], 1), -9)), settings, options),
                NncUnitEncoder.Encode(make.Tensor("i", new TensorShape(5), LevelRule.Integer), settings, options),
                NncUnitEncoder.Encode(make.Raw("r", new TensorShape(2)), settings, options with { DataFormat = ElementType.Float32 }));
            List<LevelTensor> block =
            [
                make.Tensor("w_G", new TensorShape(3, 2), LevelRule.Uniform(-9, dependent: true), NncTensorRole.LeftFactor),
                make.Tensor("w_H", new TensorShape(2, 4), LevelRule.Uniform(-9, dependent: true), NncTensorRole.RightFactor),
                make.Tensor("s", new TensorShape(3), LevelRule.Uniform(-9, dependent: true), NncTensorRole.LocalScaling),
                make.Tensor("b", new TensorShape(3), LevelRule.Uniform(-9, dependent: true), NncTensorRole.Bias),
            ];
            yield return Streams.Write(settings, null, NncUnitEncoder.EncodeBlock(block, settings, options));
            LevelTensor scanned = make.Tensor("x", new TensorShape(18, 3), LevelRule.Uniform(-9, dependent: false));
            yield return Streams.Write(settings, null, NncUnitEncoder.Encode(scanned, settings, options with { ScanOrder = 1 }));
        }

        NncStreamSettings updates = NncStreamSettings.Default with { IsUpdate = true };
        NncUnitOptions link = NncUnitOptions.Default with { ParameterId = 0, Update = new NncUnitUpdate { TemporalContexts = true, Parents = [new ParentLevels(new int[12], new byte[12])] } };
        yield return Streams.Write(updates, null, NncUnitEncoder.Encode(new TensorMaker(2).Tensor("d", new TensorShape(3, 4), LevelRule.Uniform(-9, dependent: false)), updates, link));
        yield return Streams.Join(
            StartUnit.SecondEditionProfile,
            new ModelParameterSet { IndexedReferences = true, ValidationPerformance = 0.5f, PerformanceMetric = "top-1", MetricTypeValid = true, Quantization = new QuantizationDefaults(2, 0) }.Write(StartUnit.SecondEditionProfile),
            Streams.NameList("a", "b"));
    }

    // A float unit with a header of one's own and any payload.
    private static byte[] Declare(int profile, long rows, long columns, NncCodebook? codebook, byte[] payload)
    {
        var header = new CompressedDataHeader { PayloadType = NncPayloadType.Float, Names = ["w"], Codebook = codebook, Dimensions = [rows, columns] };
        byte[] unit = Streams.Unit(NncUnitType.CompressedData, body =>
        {
            header.Write(body, profile, parentSignalling: false, []);
            body.WriteBytes(payload);
        });
        return Streams.Join(profile, Streams.Parameters, unit);
    }

    // Beyond the exceptions that the target states, memory is held tighter here than for arbitrary inputs.
    private static void Attack(byte[] stream)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        FuzzTargets.NncUnits.Run(stream);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < FixedAllocation + (AllocationPerByte * stream.Length), $"{allocated} bytes for {stream.Length}: {Convert.ToHexString(stream)}");
    }
}
