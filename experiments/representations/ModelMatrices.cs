using Tersor.Codec;
using Tersor.Models;
using Tersor.Representations;

namespace Tersor.Experiments.Representations;

/// <summary>The weights of a model file, compressed or not.</summary>
internal static class ModelMatrices
{
    /// <summary>Tensors of two and more dimensions, outputs first; smaller ones than this are not worth a form.</summary>
    private const int SmallestElementCount = 256;

    public static IReadOnlyList<NamedMatrix> Read(string file)
    {
        using CompressedModel? compressed = Path.GetExtension(file) == ".nnc" ? CompressedModel.Open(file) : null;
        using Model model = compressed is null ? ModelFormats.Open(file) : compressed.ToModel();
        List<NamedMatrix> matrices = [];
        foreach (Tensor tensor in model.Tensors.Where(tensor => tensor.ElementType == ElementType.Float32 && tensor.Shape.Rank > 1 && tensor.ElementCount >= SmallestElementCount))
        {
            int rows = (int)tensor.Shape[0];
            matrices.Add(new(tensor.Name, QuantizedMatrix.FromValues(rows, (int)(tensor.ElementCount / rows), tensor.ReadSingles())));
        }

        return matrices;
    }
}
