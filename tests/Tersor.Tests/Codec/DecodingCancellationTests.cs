using System.Runtime.InteropServices;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Nnc;
using Tersor.Plans;
using Tersor.Tests.Quantization;

namespace Tersor.Tests.Codec;

/// <summary>Decoding stops in the middle of a tensor, whichever way it was asked for.</summary>
public class DecodingCancellationTests
{
    private const int ElementCount = 1 << 22;

    // No level and no value's bits: levels stand there first.
    private const int Unset = int.MinValue;

    private static readonly byte[] Stream = Compressed();

    [Fact]
    public void A_tensor_that_is_decoded_into_memory_of_the_caller_stops_inside()
    {
        using CompressedModel model = CompressedModel.Open(Stream);
        int[] values = new int[ElementCount];
        StoppedInside.Check(values, Unset, token => model.Decode("w", MemoryMarshal.Cast<int, float>(values.AsSpan()), token));
    }

    [Fact]
    public void A_token_reaches_the_decoder_through_every_way_to_a_tensor()
    {
        CancellationToken stopped = new(canceled: true);
        using CompressedModel compressed = CompressedModel.Open(Stream);
        NncTensorInfo info = compressed.Reader.Tensors.Single();
        Tensor tensor = compressed.ToModel().Tensors.Single();
        Tensor ahead = compressed.ToModel(threads: 2).Tensors.Single();
        foreach (Action ask in (Action[])[
            () => compressed.Decode("w", stopped),
            () => compressed.Find("w")!.Decode(new float[ElementCount], stopped),
            () => tensor.ReadSingles(stopped),
            () => tensor.Data.ReadAll(stopped),
            () => tensor.Data.CopyTo(System.IO.Stream.Null, stopped),
            () => ahead.Data.ReadAll(stopped),
            () => compressed.Reader.DecodeSingles("w", stopped),
            () => compressed.Reader.Decode(info, new float[ElementCount], stopped),
            () => compressed.Reader.DecodeLevels(info, stopped),
            () => compressed.Reader.DecodeUnit(info.UnitNumber, stopped),
            () => new NncSequenceDecoder().Decode(compressed.Reader, stopped)])
        {
            Assert.ThrowsAny<OperationCanceledException>(ask);
        }

        // Whoever asks next gets it all the same.
        Assert.Equal(compressed.Decode("w"), ahead.ReadSingles());
    }

    private static byte[] Compressed()
    {
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(1 << 11, ElementCount >> 11), Tensors.Gaussian(ElementCount, 0.05f, seed: 5)));
        return CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Uniform)).Bytes;
    }
}
