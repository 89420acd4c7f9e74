using System.Globalization;
using System.Runtime.InteropServices;
using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Nnc;

namespace Tersor.Tests.Nnc;

public class RoundTripTests
{
    [Theory]
    [InlineData(NncDialect.EditionOne)]
    [InlineData(NncDialect.EditionTwo)]
    [InlineData(NncDialect.EditionOneLate)]
    public void Random_tensors_of_every_kind_come_back(NncDialect dialect)
    {
        for (ulong seed = 0; seed < 60; seed++)
        {
            var make = new TensorMaker(seed);
            NncStreamSettings settings = Streams.Settings(dialect);
            var tensors = new List<LevelTensor>();
            var units = new List<EncodedUnit>();
            for (int i = 0; i < 6; i++)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"{seed}/тензор {i}");
                TensorShape shape = make.Shape();
                LevelTensor tensor = make.Next(6) == 0 ? make.Raw(name, shape) : make.Tensor(name, shape, make.Rule());
                tensors.Add(tensor);
                units.Add(NncUnitEncoder.Encode(tensor, settings, Options(make, tensor, i)));
            }

            using NncReader reader = NncReader.Open(Streams.Write(settings, null, units));
            Assert.Equal(tensors.Select(tensor => tensor.Name), reader.Tensors.Select(tensor => tensor.Name));
            foreach (LevelTensor tensor in tensors) AssertEqual(tensor, reader.DecodeLevels(reader.Find(tensor.Name)!));
        }
    }

    [Theory]
    [InlineData(NncDialect.EditionOne)]
    [InlineData(NncDialect.EditionTwo)]
    [InlineData(NncDialect.EditionOneLate)]
    public void A_part_after_the_other_gives_the_same_as_all_at_once(NncDialect dialect)
    {
        for (ulong seed = 0; seed < 60; seed++)
        {
            var make = new TensorMaker(seed);
            NncStreamSettings settings = Streams.Settings(dialect);

            // Long enough for several bands, of rows and of blocks.
            var shape = new TensorShape(1 + make.Next(300), 1 + make.Next(20), 1 + make.Next(9));
            LevelTensor tensor = seed % 5 == 0 ? make.Raw("t", shape) : make.Tensor("t", shape, make.Rule());
            using NncReader reader = NncReader.Open(Streams.Write(settings, null, NncUnitEncoder.Encode(tensor, settings, Options(make, tensor, 1))));
            using MemoryStream parts = new();
            reader.DecodeTo(reader.Tensors[0], parts);

            byte[] whole = new byte[4 * shape.ElementCount];
            if (tensor.Rule.Kind == LevelKind.Integer) reader.DecodeIntegers(reader.Tensors[0], MemoryMarshal.Cast<byte, int>(whole.AsSpan()));
            else reader.Decode(reader.Tensors[0], MemoryMarshal.Cast<byte, float>(whole.AsSpan()));
            Assert.Equal(whole, parts.ToArray());
        }
    }

    [Theory]
    [InlineData(NncDialect.EditionOne)]
    [InlineData(NncDialect.EditionTwo)]
    [InlineData(NncDialect.EditionOneLate)]
    public void Random_blocks_come_back(NncDialect dialect)
    {
        for (ulong seed = 0; seed < 60; seed++)
        {
            var make = new TensorMaker(seed);
            NncStreamSettings settings = Streams.Settings(dialect);
            TensorShape shape = Nonempty(make);
            List<LevelTensor> tensors = Block(make, shape);
            bool dependent = tensors[0].Rule.DependentQuantization;
            NncUnitOptions options = NncUnitOptions.Default with
            {
                GreaterFlagCount = 1 + make.Next(20),
                ScanOrder = dependent ? 0 : make.Next(5),
                ParameterId = 7,
                DecomposedShape = shape,
            };
            using NncReader reader = NncReader.Open(Streams.Write(settings, null, NncUnitEncoder.EncodeBlock(tensors, settings, options)));
            Assert.Equal(tensors.Count, reader.Tensors.Count);
            foreach (LevelTensor tensor in tensors) AssertEqual(tensor, reader.DecodeLevels(reader.Find(tensor.Name)!));
        }
    }

    [Theory]
    [InlineData(NncDialect.EditionOne)]
    [InlineData(NncDialect.EditionTwo)]
    public void Block_scans_with_dependent_quantization_come_back(NncDialect dialect)
    {
        for (ulong seed = 0; seed < 40; seed++)
        {
            var make = new TensorMaker(seed);
            NncStreamSettings settings = Streams.Settings(dialect);
            var shape = new TensorShape(1 + make.Next(40), 1 + make.Next(5), 1 + make.Next(6));
            int scan = 1 + make.Next(4);
            LevelTensor tensor = make.Scanned("s", shape, LevelRule.Uniform(-20, dependent: true), scan);
            NncUnitOptions options = NncUnitOptions.Default with { ScanOrder = scan, Coding = LevelEncoderOptions.Default with { RowSkipping = RowSkipping.Off } };
            using NncReader reader = NncReader.Open(Streams.Write(settings, null, NncUnitEncoder.Encode(tensor, settings, options)));
            AssertEqual(tensor, reader.DecodeLevels(reader.Tensors[0]));
        }
    }

    [Fact]
    public void Factors_in_units_of_their_own_come_back_and_are_multiplied()
    {
        var make = new TensorMaker(1);
        var full = new TensorShape(6, 2, 5);
        LevelTensor left = make.Tensor("fc_G", new TensorShape(6, 3), LevelRule.Uniform(-8, dependent: false), NncTensorRole.LeftFactor);
        LevelTensor right = make.Tensor("fc_H", new TensorShape(3, 10), LevelRule.Uniform(-4, dependent: true), NncTensorRole.RightFactor);
        NncUnitOptions options = NncUnitOptions.Default with { DecomposedShape = full, ScanOrder = 1 };
        byte[] stream = Streams.Write(
            NncStreamSettings.Default, null,
            NncUnitEncoder.Encode(left, NncStreamSettings.Default, options),
            NncUnitEncoder.Encode(right, NncStreamSettings.Default, options with { ScanOrder = 0 }));
        using NncReader reader = NncReader.Open(stream);
        foreach (LevelTensor tensor in new[] { left, right }) AssertEqual(tensor, reader.DecodeLevels(reader.Find(tensor.Name)!));
        NncComposedTensor composed = Assert.Single(reader.ComposedTensors);
        Assert.Equal(("fc", full), (composed.Name, composed.Shape));
        float[] product = new float[60];
        NncComposition.Multiply(left.ToSingles(), right.ToSingles(), 3, product);
        Assert.Equal(product, reader.DecodeSingles("fc"));
    }

    [Fact]
    public void Scalars_become_one_element_and_empty_tensors_stay_empty()
    {
        NncStreamSettings settings = NncStreamSettings.Default;
        LevelTensor[] tensors =
        [
            new("scalar", default, [4], LevelRule.Uniform(-4, dependent: true)),
            new("empty", new TensorShape(0), [], LevelRule.Uniform(-4, dependent: false)),
            new("empty 2d", new TensorShape(3, 0), [], LevelRule.Integer),
            new("empty 3d", new TensorShape(0, 3, 2), [], LevelRule.Uniform(-4, dependent: true)),
            new("empty raw", new TensorShape(2, 0), ReadOnlyMemory<byte>.Empty),
        ];
        using NncReader reader = NncReader.Open(Streams.Write(settings, null, tensors.Select(tensor => NncUnitEncoder.Encode(tensor, settings, NncUnitOptions.Default with { ScanOrder = 2 }))));
        Assert.Equal(new TensorShape(1), reader.Find("scalar")!.Shape);
        Assert.Equal([2f], reader.DecodeSingles("scalar"));
        foreach (LevelTensor tensor in tensors[1..])
        {
            Assert.Equal(tensor.Shape, reader.Find(tensor.Name)!.Shape);
            Assert.Empty(reader.DecodeSingles(tensor.Name));
        }
    }

    [Fact]
    public void Values_are_carried_raw_bit_for_bit_whatever_they_are()
    {
        float[] odd = [float.NaN, BitConverter.UInt32BitsToSingle(0x7F800001), float.NegativeInfinity, -0f, float.Epsilon, float.MaxValue];
        byte[] bytes = new byte[24];
        for (int i = 0; i < 6; i++) BitConverter.TryWriteBytes(bytes.AsSpan(4 * i), odd[i]);
        NncUnitOptions options = NncUnitOptions.Default with { DataFormat = ElementType.Float32, ParameterId = 3 };
        byte[] stream = Streams.Write(NncStreamSettings.Default, null, NncUnitEncoder.EncodeRaw("odd", new TensorShape(2, 3), ByteSource.FromMemory(bytes), NncStreamSettings.Default, options));
        using NncReader reader = NncReader.Open(stream);
        Assert.Equal(odd.Select(BitConverter.SingleToUInt32Bits), reader.DecodeSingles("odd").Select(BitConverter.SingleToUInt32Bits));
        Assert.Equal(bytes, reader.DecodeUnit(2)[0].RawValues.ToArray());
    }

    [Theory]
    [InlineData(ElementType.Int2)]
    [InlineData(ElementType.Int4)]
    [InlineData(ElementType.Int8)]
    [InlineData(ElementType.Int16)]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Float64)]
    public void The_type_asked_for_is_stated_and_does_not_change_the_data(ElementType type)
    {
        var tensor = new LevelTensor("t", new TensorShape(2, 2), [1, 0, -3, 2], LevelRule.Uniform(0, dependent: false));
        using NncReader reader = NncReader.Open(Streams.Write(
            NncStreamSettings.Default, null, NncUnitEncoder.Encode(tensor, NncStreamSettings.Default, NncUnitOptions.Default with { DataFormat = type })));
        Assert.Equal(type, reader.Tensors[0].ElementType);
        Assert.Equal([1f, 0f, -3f, 2f], reader.DecodeSingles("t"));
    }

    [Fact]
    public void Base_QP_and_density_of_the_stream_are_kept()
    {
        NncStreamSettings settings = NncStreamSettings.Default with { Density = 4, BaseQp = -300, BaseModelId = "model 7" };
        var tensor = new LevelTensor("t", new TensorShape(3), [1, -1, 2], LevelRule.Uniform(-800, dependent: false, density: 4));
        using NncReader reader = NncReader.Open(Streams.Write(settings, null, NncUnitEncoder.Encode(tensor, settings, NncUnitOptions.Default)));
        Assert.Equal(((4, -300), "model 7"), (reader.Quantization!.Value, reader.BaseModelId));
        AssertEqual(tensor, reader.DecodeLevels(reader.Tensors[0]));
    }

    [Fact]
    public void Units_made_by_several_threads_are_the_same_bytes()
    {
        LevelTensor[] tensors = [.. Enumerable.Range(0, 40).Select(i => new TensorMaker((ulong)i).Tensor($"t{i}", new TensorShape(20, 3 + i), LevelRule.Uniform(-20, dependent: true)))];
        EncodedUnit Encode(LevelTensor tensor) => NncUnitEncoder.Encode(tensor, NncStreamSettings.Default, NncUnitOptions.Default);
        byte[] one = Streams.Write(NncStreamSettings.Default, null, tensors.Select(Encode));
        byte[] several = Streams.Write(NncStreamSettings.Default, null, tensors.AsParallel().AsOrdered().WithDegreeOfParallelism(8).Select(Encode));
        Assert.Equal(one, several);
    }

    internal static List<LevelTensor> Block(TensorMaker make, TensorShape shape)
    {
        bool dependent = make.Next(2) == 0;
        LevelRule Uniform() => LevelRule.Uniform(make.Next(80) - 60, dependent);
        bool codebook = !dependent && make.Next(3) == 0;
        LevelRule Weight() => codebook ? LevelRule.FromCodebook(make.Codebook(), make.Next(80) - 60) : Uniform();
        var vector = new TensorShape(shape[0]);
        var tensors = new List<LevelTensor>();
        if (make.Next(2) == 0)
        {
            int rank = 1 + make.Next(3);
            tensors.Add(make.Tensor("w_G", new TensorShape(shape[0], rank), Weight(), NncTensorRole.LeftFactor));
            tensors.Add(make.Tensor("w_H", new TensorShape(rank, shape.ElementCount / shape[0]), Weight(), NncTensorRole.RightFactor));
        }
        else
        {
            tensors.Add(make.Tensor("w", shape, Weight()));
        }

        bool normalized = make.Next(2) == 0;
        if (make.Next(2) == 0 || (!normalized && tensors.Count == 1)) tensors.Add(make.Tensor("w_scaling", vector, Uniform(), NncTensorRole.LocalScaling));
        if (make.Next(2) == 0) tensors.Add(make.Tensor("w.bias", vector, Uniform(), NncTensorRole.Bias));
        if (!normalized) return tensors;
        foreach (NncTensorRole role in new[] { NncTensorRole.BatchNormVariance, NncTensorRole.BatchNormBeta, NncTensorRole.BatchNormMean, NncTensorRole.BatchNormGamma })
            tensors.Add(make.Tensor($"bn.{role}", vector, Uniform(), role));
        return tensors;
    }

    internal static TensorShape Nonempty(TensorMaker make)
    {
        TensorShape shape = make.Shape();
        while (shape.ElementCount == 0) shape = make.Shape();
        return shape;
    }

    internal static void AssertEqual(LevelTensor expected, LevelTensor actual)
    {
        Assert.Equal((expected.Name, expected.Shape, expected.Role), (actual.Name, actual.Shape, actual.Role));
        Assert.Equal((expected.Rule.Kind, expected.Rule.Qp, expected.Rule.DependentQuantization), (actual.Rule.Kind, actual.Rule.Qp, actual.Rule.DependentQuantization));
        Assert.Equal(expected.Rule.Codebook?.Entries.ToArray(), actual.Rule.Codebook?.Entries.ToArray());
        Assert.Equal(expected.Levels, actual.Levels);
        Assert.True(expected.RawValues.Span.SequenceEqual(actual.RawValues.Span));
    }

    // Levels of the dependent quantizer made in row order are those of row-major scans only.
    private static NncUnitOptions Options(TensorMaker make, LevelTensor tensor, int ordinal) => NncUnitOptions.Default with
    {
        GreaterFlagCount = make.Next(8) == 0 ? 256 : 1 + make.Next(20),
        ScanOrder = tensor.Rule.DependentQuantization ? 0 : make.Next(5),
        ParameterId = make.Next(3) == 0 ? null : ordinal,
        Coding = new LevelEncoderOptions { RowSkipping = (RowSkipping)make.Next(3), SearchesInitialization = make.Next(2) == 0 },
    };
}
