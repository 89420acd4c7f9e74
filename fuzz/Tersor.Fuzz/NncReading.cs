using Tersor.Codec;
using Tersor.Nnc;

namespace Tersor.Fuzz;

/// <summary>What users do with an NNC stream.</summary>
internal static class NncReading
{
    private static readonly NncReadOptions Limits = new() { MaxUncodedElements = 1 << 14, MaxTopologyBytes = 1 << 16 };

    /// <summary>Every unit and tensor, composed ones too, and the stream as the first of a sequence.</summary>
    public static void ReadUnits(byte[] input)
    {
        using NncReader reader = NncReader.Open(input, Limits);
        reader.ReadTopology();
        foreach (NncTensorInfo tensor in reader.Tensors)
        {
            float[] values = new float[reader.CountElements(tensor)];
            reader.Decode(tensor, values);
            reader.DecodeLevels(tensor);
        }

        foreach (NncComposedTensor tensor in reader.ComposedTensors) reader.DecodeSingles(tensor.Name);
        new NncSequenceDecoder().Decode(reader);
    }

    /// <summary>The stream as a compressed model.</summary>
    public static void ReadModel(byte[] input)
    {
        using CompressedModel compressed = CompressedModel.Open(input);
        SmallTensors.Read(() => compressed.ToModel());
    }
}
