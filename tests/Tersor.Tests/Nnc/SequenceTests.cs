using System.Runtime.InteropServices;
using Tersor.Models;
using Tersor.Nnc;

namespace Tersor.Tests.Nnc;

public class SequenceTests
{
    private static readonly NncStreamSettings Settings = NncStreamSettings.Default with { IsUpdate = true };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Updates_decode_in_order_with_either_kind_of_contexts(bool history)
    {
        for (ulong seed = 0; seed < 25; seed++)
        {
            var make = new TensorMaker(seed);
            TensorShape shape = RoundTripTests.Nonempty(make);
            var decoder = new NncSequenceDecoder();
            int[] before = [];
            byte[] nonzero = new byte[shape.ElementCount];
            for (int depth = 1; depth < 5; depth++)
            {
                LevelTensor update = make.Tensor("w", shape, LevelRule.Uniform(-12, dependent: make.Next(2) == 0));
                NncUnitUpdate link = depth == 1
                    ? new NncUnitUpdate()
                    : new NncUnitUpdate { Depth = depth, TemporalContexts = !history, HistoryContexts = history, Parents = [new ParentLevels(before, nonzero)] };
                byte[] stream = Stream(update, link);
                RoundTripTests.AssertEqual(update, Assert.Single(decoder.Decode(NncReader.Open(stream))));
                before = update.Levels;
                for (int i = 0; i < before.Length; i++) nonzero[i] |= before[i] == 0 ? (byte)0 : (byte)1;
            }
        }
    }

    [Fact]
    public void A_tensor_that_a_stream_leaves_out_keeps_its_levels_for_the_next()
    {
        var make = new TensorMaker(2);
        var shape = new TensorShape(8, 8);
        LevelTensor first = make.Tensor("w", shape, LevelRule.Uniform(-12, dependent: false));
        LevelTensor third = make.Tensor("w", shape, LevelRule.Uniform(-12, dependent: false));
        var decoder = new NncSequenceDecoder();
        decoder.Decode(NncReader.Open(Stream(first, new NncUnitUpdate())));
        Assert.Empty(decoder.Decode(NncReader.Open(Streams.Write(Settings, null))));
        byte[] stream = Stream(third, new NncUnitUpdate { Depth = 3, TemporalContexts = true, Parents = [new ParentLevels(first.Levels, new byte[64])] });
        RoundTripTests.AssertEqual(third, Assert.Single(decoder.Decode(NncReader.Open(stream))));
    }

    [Fact]
    public void What_the_caller_does_with_the_levels_does_not_disturb_the_next_update()
    {
        var make = new TensorMaker(3);
        var shape = new TensorShape(6, 6);
        LevelTensor first = make.Tensor("w", shape, LevelRule.Uniform(-12, dependent: false));
        LevelTensor second = make.Tensor("w", shape, LevelRule.Uniform(-12, dependent: false));
        byte[] stream = Stream(second, new NncUnitUpdate { Depth = 2, TemporalContexts = true, Parents = [new ParentLevels(first.Levels, new byte[36])] });
        var decoder = new NncSequenceDecoder();
        decoder.Decode(NncReader.Open(Stream(first, new NncUnitUpdate())))[0].Levels.AsSpan().Clear();
        RoundTripTests.AssertEqual(second, Assert.Single(decoder.Decode(NncReader.Open(stream))));
    }

    [Fact]
    public void An_update_without_what_it_updates_is_refused()
    {
        var make = new TensorMaker(4);
        LevelTensor update = make.Tensor("w", new TensorShape(4, 4), LevelRule.Uniform(-12, dependent: false));
        byte[] stream = Stream(update, new NncUnitUpdate { TemporalContexts = true, Parents = [new ParentLevels(new int[16], new byte[16])] });
        using NncReader reader = NncReader.Open(stream);
        Assert.True(reader.IsUpdate);
        string refusal = Assert.Throws<UnsupportedModelException>(() => new NncSequenceDecoder().Decode(reader)).Message;
        Assert.Contains("tensor 'w' updates one of an earlier stream", refusal, StringComparison.Ordinal);
        Assert.Equal(refusal, Assert.Throws<UnsupportedModelException>(() => reader.DecodeSingles("w")).Message);

        var decoder = new NncSequenceDecoder();
        decoder.Decode(NncReader.Open(Stream(make.Tensor("w", new TensorShape(2, 4), LevelRule.Uniform(-12, dependent: false)), new NncUnitUpdate())));
        Assert.Contains("another size", Assert.Throws<ModelFormatException>(() => decoder.Decode(reader)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_update_whose_contexts_need_no_parent_decodes_alone_at_once_and_in_parts()
    {
        var make = new TensorMaker(6);
        LevelTensor update = make.Tensor("w", new TensorShape(4, 4), LevelRule.Uniform(-12, dependent: false));
        byte[] stream = Stream(update, new NncUnitUpdate { Parents = [new ParentLevels(new int[16], new byte[16])] });
        using NncReader reader = NncReader.Open(stream);
        using MemoryStream parts = new();
        reader.DecodeTo(reader.Tensors[0], parts);

        Assert.Equal(update.ToSingles(), reader.DecodeSingles("w"));
        Assert.Equal(update.ToSingles(), MemoryMarshal.Cast<byte, float>(parts.ToArray()).ToArray());
    }

    [Fact]
    public void A_damaged_stream_changes_nothing()
    {
        var make = new TensorMaker(5);
        var shape = new TensorShape(7, 7);
        LevelTensor first = make.Tensor("w", shape, LevelRule.Uniform(-12, dependent: false));
        LevelTensor second = make.Tensor("w", shape, LevelRule.Uniform(-12, dependent: false));
        byte[] stream = Stream(second, new NncUnitUpdate { Depth = 2, TemporalContexts = true, Parents = [new ParentLevels(first.Levels, new byte[49])] });
        byte[] damaged = [.. stream];
        damaged[^2] ^= 0xFF;
        var decoder = new NncSequenceDecoder();
        decoder.Decode(NncReader.Open(Stream(first, new NncUnitUpdate())));
        Assert.Throws<ModelFormatException>(() => decoder.Decode(NncReader.Open(damaged)));
        RoundTripTests.AssertEqual(second, Assert.Single(decoder.Decode(NncReader.Open(stream))));
    }

    private static byte[] Stream(LevelTensor tensor, NncUnitUpdate update) =>
        Streams.Write(Settings, null, NncUnitEncoder.Encode(tensor, Settings, NncUnitOptions.Default with { ParameterId = 0, Update = update }));
}
