using Tersor.Models;
using Tersor.Models.DeepCompression;
using Tersor.Models.Npz;
using Tersor.Models.Onnx;
using Tersor.Models.PyTorch;
using Tersor.Models.Safetensors;

namespace Tersor.Tests.Models;

/// <summary>
/// What each reader may do with arbitrary bytes: succeed, or throw one of three exceptions. Anything else is a finding. Tensors of what opens are
/// read too, as long as they are small.
/// </summary>
internal static class ReaderFuzz
{
    private const long LargestRead = 1 << 20;

    public static void Safetensors(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        Run(options => SafetensorsReader.Open(ByteSource.FromMemory(bytes), options));
    }

    public static void Npz(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        Run(options => NpzReader.Open(ByteSource.FromMemory(bytes), options));
    }

    public static void PyTorch(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        Run(options => PyTorchReader.Open(ByteSource.FromMemory(bytes), options));
    }

    /// <summary>A model that opens must come apart and together again to the same bytes.</summary>
    public static void Onnx(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        Run(options => OnnxModel.Open(ByteSource.FromMemory(bytes), options));
        Run(_ =>
        {
            OnnxModel model = OnnxModel.Open(ByteSource.FromMemory(bytes));
            OnnxModel joined = OnnxModel.FromTopology(model.MakeTopology(_ => true).Bytes, model.Find, "joined");
            Assert.Equal(bytes, OnnxWriter.ToArray(joined));
            return joined;
        });
    }

    /// <summary>The file has no magic, so a small network makes short inputs count.</summary>
    public static void DeepCompression(ReadOnlySpan<byte> input, DeepCompressionNetwork network)
    {
        byte[] bytes = input.ToArray();
        Run(_ => DeepCompressionFormat.Open(ByteSource.FromMemory(bytes), network));
    }

    /// <summary>A topology that joins must be writable, and come apart again.</summary>
    public static void OnnxTopology(ReadOnlySpan<byte> input, Func<string, Tensor?> tensors)
    {
        byte[] bytes = input.ToArray();
        Run(_ =>
        {
            OnnxModel joined = OnnxModel.FromTopology(bytes, tensors, "joined");
            Assert.Equal(OnnxWriter.MeasureInline(joined), OnnxWriter.ToArray(joined).Length);
            joined.MakeTopology(_ => false);
            joined.MakeTopology(_ => true);
            return joined;
        });
    }

    private static void Run(Func<ModelReadOptions, Model> open)
    {
        foreach (bool lenient in (ReadOnlySpan<bool>)[false, true])
        {
            try
            {
                using Model model = open(ModelReadOptions.Default with { Lenient = lenient });
                foreach (Tensor tensor in model.Tensors)
                {
                    if (tensor.ByteLength <= LargestRead) tensor.Data.ReadAll();
                }
            }
            catch (Exception error) when (error is ModelFormatException or UnsupportedModelException or ResourceLimitException)
            {
                Assert.NotEmpty(error.Message);
            }
        }
    }
}
