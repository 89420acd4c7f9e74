using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Npz;

namespace Tersor.Engine.Data;

/// <summary>Samples of a NumPy archive: <c>x</c> with the samples along its first dimension, <c>y</c> with a class (whole numbers) or a target each.</summary>
public static class NpzSamples
{
    /// <summary>Reads the archive.</summary>
    /// <exception cref="ModelFormatException">The archive is damaged, lacks x or y, or they do not fit each other.</exception>
    public static SampleSet Read(string path)
    {
        using Model archive = new NpzFormat().Open(path, ModelReadOptions.Default);
        Tensor x = archive.Find("x") ?? throw new ModelFormatException(path, null, -1, "has no array 'x'");
        Tensor y = archive.Find("y") ?? throw new ModelFormatException(path, null, -1, "has no array 'y'");
        if (x.Shape.Rank < 1 || y.Shape.Rank < 1 || x.Shape[0] != y.Shape[0])
            throw new ModelFormatException(path, null, -1, $"x is {x.Shape} and y is {y.Shape}; the first dimensions must be the number of samples");
        TensorShape sample = new(x.Shape.Dimensions[1..]);
        TensorShape target = new(y.Shape.Dimensions[1..]);
        string name = Path.GetFileName(path);
        if (y.ElementType.IsInteger())
        {
            if (target.ElementCount != 1) throw new ModelFormatException(path, "array 'y'", -1, $"{y}: a class per sample is expected");
            int[] labels = Array.ConvertAll(DenseTensor.FromTensor(y).Integers, label =>
                label is >= 0 and <= int.MaxValue ? (int)label : throw new ModelFormatException(path, "array 'y'", -1, $"a label of {label}; labels count from 0"));
            return x.ElementType == ElementType.UInt8
                ? new SampleSet(name, sample, x.Data.ReadAll().ToArray(), labels)
                : new SampleSet(name, sample, Singles(x), labels);
        }

        return new SampleSet(name, sample, Singles(x), target, Singles(y));
    }

    private static float[] Singles(Tensor tensor) => tensor.ElementType.IsInteger()
        ? Array.ConvertAll(DenseTensor.FromTensor(tensor).Integers, value => (float)value)
        : tensor.ReadSingles();
}
