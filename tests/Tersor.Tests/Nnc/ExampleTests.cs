using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Nnc;

namespace Tersor.Tests.Nnc;

/// <summary>The worked example of the implementer's text, byte by byte.</summary>
public class ExampleTests
{
    [Fact]
    public void It_decodes_by_name()
    {
        using NncReader reader = NncReader.Open(Streams.Example);
        float[] values = new float[6];
        reader.Decode("w", values);
        Assert.Equal(Streams.ExampleValues, values);
        Assert.Equal(Streams.ExampleValues, reader.DecodeSingles("w"));
    }

    [Fact]
    public void Its_header_tells_everything_but_the_step()
    {
        using NncReader reader = NncReader.Open(Streams.Example);
        NncTensorInfo tensor = Assert.Single(reader.Tensors);
        Assert.Equal(("w", new TensorShape(2, 3), NncPayloadType.Float, ElementType.Float32), (tensor.Name, tensor.Shape, tensor.PayloadType, tensor.ElementType));
        Assert.True(tensor.DependentQuantization);
        Assert.Equal((2, 0, 3, 18L, 21), (tensor.GreaterFlagCount, tensor.ScanOrder, tensor.UnitNumber, tensor.UnitOffset, tensor.UnitByteCount));
        Assert.Equal([NncUnitType.Start, NncUnitType.ModelParameterSet, NncUnitType.Topology, NncUnitType.CompressedData], reader.Units.Select(unit => unit.Type));
        Assert.Equal((1, NncDialect.EditionTwo, TopologyFormat.None, (2, 0)), (reader.Profile, reader.Dialect, reader.TopologyFormat, reader.Quantization!.Value));
    }

    [Fact]
    public void Its_levels_come_with_their_rule()
    {
        using NncReader reader = NncReader.Open(Streams.Example);
        LevelTensor tensor = Assert.Single(reader.DecodeUnit(3));
        Assert.Equal(Streams.ExampleLevels, tensor.Levels);
        Assert.Equal((LevelKind.Uniform, -6, 2, true, 0.375), (tensor.Rule.Kind, tensor.Rule.Qp, tensor.Rule.Density, tensor.Rule.DependentQuantization, tensor.Rule.Step));
    }

    [Fact]
    public void Levels_and_settings_give_the_same_39_bytes()
    {
        var tensor = new LevelTensor("w", new TensorShape(2, 3), Streams.ExampleLevels, LevelRule.Uniform(-6, dependent: true));
        NncUnitOptions options = NncUnitOptions.Default with { GreaterFlagCount = 2, ParameterId = 0, Coding = new LevelEncoderOptions { SearchesInitialization = false } };
        byte[] stream = Streams.Write(NncStreamSettings.Default, new Topology(TopologyFormat.None, default), NncUnitEncoder.Encode(tensor, NncStreamSettings.Default, options));
        Assert.Equal(Convert.ToHexString(Streams.Example), Convert.ToHexString(stream));
    }

    [Fact]
    public void Its_first_bytes_are_known_again()
    {
        Assert.True(NncReader.Matches(Streams.Example));
        Assert.False(NncReader.Matches([]));
        Assert.False(NncReader.Matches("PK\u0003\u0004abcd"u8));
    }
}
