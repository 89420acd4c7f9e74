using Tersor.Codec.Dcz;
using Tersor.Models;

namespace Tersor.Fuzz;

/// <summary>What users do with a Deep Compression file.</summary>
internal static class DczReading
{
    public static void Read(byte[] input) => SmallTensors.Read(() => DczFormat.Open(ByteSource.FromMemory(input)));

    /// <summary>Small models, written and read once more.</summary>
    public static void WriteAgain(byte[] input)
    {
        using Model model = DczFormat.Open(ByteSource.FromMemory(input));
        if (model.Tensors.Sum(tensor => tensor.ByteLength) > SmallTensors.Limit) return;
        using MemoryStream written = new();
        DczWriter.Write(model, written);
        using Model back = DczFormat.Open(ByteSource.FromMemory(written.ToArray()));
        foreach (Tensor tensor in model.Tensors)
        {
            if (back.Find(tensor.Name) is not { } same || same.Shape != tensor.Shape || !same.Data.ReadAll().Span.SequenceEqual(tensor.Data.ReadAll().Span))
                throw new FuzzFindingException($"dcz: another tensor '{tensor.Name}' comes back from what was written");
        }
    }
}
