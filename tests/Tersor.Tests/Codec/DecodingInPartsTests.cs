using System.Runtime.InteropServices;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Nnc;
using Tersor.Plans;
using Tersor.Quantization;
using Tersor.Quantization.Prediction;
using Tersor.Tests.Nnc;

namespace Tersor.Tests.Codec;

/// <summary>A weight is written from its compressed form a part at a time, whatever the form; together the parts are what decoding at once gives.</summary>
public class DecodingInPartsTests
{
    // What is read from the file at once; less than any weight here takes.
    private const int MostBytes = 1 << 20;

    public static TheoryData<string> Plans =>
    [
        "uniform", "trellis", "codebook", "shared", "raw", "scaled", "scaled codebook", "pointwise:1e-2",
        "rel:1e-2 zero", "rel:1e-2 lorenzo", "rel:1e-2 regression",
    ];

    [Theory]
    [MemberData(nameof(Plans))]
    public void Parts_are_the_whole(string how)
    {
        foreach (long[] dimensions in (long[][])[[700, 500], [512, 80, 3, 3], [200, 90, 20], [400_000]])
        {
            if (dimensions.Length == 1 && how.StartsWith("scaled", StringComparison.Ordinal)) continue;
            TensorShape shape = new(dimensions);
            float[] values = [.. CodecRun.Gaussian((int)shape.ElementCount, 0.1f, 3)];
            if (how == "shared") values = [.. values.Select(value => MathF.Round(value * 30) / 32)];
            Model model = CodecRun.Model(new Tensor("w", shape, values));
            using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(model, new CompressionPlan { Tensors = [Settings(how)] }).Bytes);

            AssertParts(compressed, "w", mayBeOnePart: dimensions.Length == 1);
        }
    }

    [Fact]
    public void Products_of_factors_are_made_in_parts()
    {
        for (ulong seed = 0; seed < 12; seed++)
        {
            TensorMaker make = new(seed);
            TensorShape shape = new(500 + make.Next(100), 20, 30 + make.Next(9));
            LevelTensor[] block = [.. RoundTripTests.Block(make, shape)];
            NncUnitOptions options = NncUnitOptions.Default with { DecomposedShape = shape };
            using CompressedModel compressed = CompressedModel.Open(Streams.Write(NncStreamSettings.Default, null, NncUnitEncoder.EncodeBlock(block, NncStreamSettings.Default, options)));
            using CompressedModel coded = CompressedModel.Open(Streams.Write(NncStreamSettings.Default, null, NncUnitEncoder.EncodeBlock(block, NncStreamSettings.Default, options)), asCoded: true);

            foreach (CompressedTensor tensor in compressed.Tensors) AssertParts(compressed, tensor.Name, mayBeOnePart: tensor.Name != "w");
            foreach (CompressedTensor tensor in coded.Tensors) AssertParts(coded, tensor.Name, mayBeOnePart: tensor.Name != "w");
        }
    }

    [Fact]
    public void Narrow_types_are_written_without_what_fills_their_last_word()
    {
        Model model = CodecRun.Model(CodecRun.Of("half", ElementType.Float16, new TensorShape(333, 3), [.. CodecRun.Gaussian(999, 0.3f, 6).Select(value => (Half)value)]));
        using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Raw)).Bytes);
        using MemoryStream parts = new();
        compressed.ToModel().Tensors[0].Data.CopyTo(parts, default);

        Assert.Equal(CodecRun.BytesOf(model, "half"), parts.ToArray());
    }

    [Fact]
    public void Damage_behind_a_weight_shows_though_its_parts_are_written()
    {
        TensorMaker make = new(1);
        TensorShape shape = new(60, 50);
        LevelTensor[] block =
        [
            make.Tensor("w", shape, LevelRule.Uniform(-20, dependent: false)),
            make.Tensor("w_scaling", new TensorShape(60), LevelRule.Uniform(-20, dependent: false), NncTensorRole.LocalScaling),
        ];
        byte[] stream = Streams.Write(NncStreamSettings.Default, null, NncUnitEncoder.EncodeBlock(block, NncStreamSettings.Default, NncUnitOptions.Default));
        stream[^1] ^= 0xFF;
        using CompressedModel compressed = CompressedModel.Open(stream);

        Assert.Throws<ModelFormatException>(() => compressed.ToModel().Tensors[0].Data.CopyTo(Stream.Null, default));
        Assert.Throws<ModelFormatException>(() => compressed.Decode("w"));
    }

    private static TensorPlan Settings(string how)
    {
        string[] words = how.Split(' ');
        if (ErrorBound.Parse(words[0]) is { } bound)
            return CodecRun.Settings("w", TensorMethod.ErrorBounded, -20) with { ErrorBound = bound, Predictor = words.Length == 1 ? Predictor.Zero : Predictors.All.Single(entry => entry.Name == words[1]).Predictor };
        return how switch
        {
            "scaled" => CodecRun.Settings("w", TensorMethod.Trellis, -20) with { LocalScaling = true },
            "scaled codebook" => CodecRun.Settings("w", TensorMethod.Codebook, -20) with { LocalScaling = true },
            _ => CodecRun.Settings("w", TensorMethods.All.Single(entry => entry.Name == how).Method, -20),
        };
    }

    private static void AssertParts(CompressedModel model, string name, bool mayBeOnePart)
    {
        float[] whole = model.Decode(name);
        using Recorder parts = new();
        model.ToModel().Find(name)!.Data.CopyTo(parts, default);

        Assert.Equal(whole.Select(BitConverter.SingleToInt32Bits), MemoryMarshal.Cast<byte, int>(parts.ToArray()).ToArray());
        if (mayBeOnePart) return;
        Assert.InRange(parts.LargestWrite, 1, Math.Min(MostBytes, (4 * whole.Length) - 1));
    }

    private sealed class Recorder : MemoryStream
    {
        public int LargestWrite { get; private set; }

        public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);

        public override void Write(byte[] buffer, int offset, int count)
        {
            base.Write(buffer, offset, count);
            LargestWrite = Math.Max(LargestWrite, count);
        }
    }
}
