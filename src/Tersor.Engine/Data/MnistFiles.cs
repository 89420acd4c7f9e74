using System.Buffers.Binary;
using Tersor.Models;

namespace Tersor.Engine.Data;

/// <summary>
/// MNIST and its kin in the IDX layout: big-endian magic number (2051 for images, 2049 for labels), the sizes, then bytes. Each file may be compressed by gzip.
/// </summary>
public static class MnistFiles
{
    private const int ImagesMagic = 2051;
    private const int LabelsMagic = 2049;

    /// <summary>Reads the train or the test set of a folder.</summary>
    /// <exception cref="FileNotFoundException">The folder lacks a file.</exception>
    /// <exception cref="ModelFormatException">A file is truncated or not of the layout.</exception>
    public static SampleSet Read(string folder, bool isTest)
    {
        string prefix = isTest ? "t10k" : "train";
        (string imagesPath, byte[] images) = Open(folder, $"{prefix}-images-idx3-ubyte");
        (string labelsPath, byte[] labels) = Open(folder, $"{prefix}-labels-idx1-ubyte");
        int[] imageSizes = Header(imagesPath, images, ImagesMagic, 3);
        int[] labelSizes = Header(labelsPath, labels, LabelsMagic, 1);
        if (imageSizes[0] != labelSizes[0]) throw new ModelFormatException(labelsPath, null, 4, $"{labelSizes[0]} labels for {imageSizes[0]} images; the files do not belong together");
        return new SampleSet($"mnist {prefix}", new TensorShape(1, imageSizes[1], imageSizes[2]), images[16..], Array.ConvertAll(labels[8..], label => (int)label));
    }

    private static (string Path, byte[] Content) Open(string folder, string name)
    {
        string path = CompressedBytes.Find(folder, name) ?? throw new FileNotFoundException($"{folder}: neither {name} nor {name}.gz is there.");
        return (path, CompressedBytes.Read(path));
    }

    private static int[] Header(string path, byte[] content, int magic, int dimensions)
    {
        int header = 4 + (4 * dimensions);
        if (content.Length < header) throw new ModelFormatException(path, null, 0, $"{content.Length} bytes are less than a header; the file is truncated, fetch it again");
        int found = BinaryPrimitives.ReadInt32BigEndian(content);
        if (found != magic) throw new ModelFormatException(path, null, 0, $"starts with {found}, not {magic}; the file is not of the IDX layout expected here");
        int[] sizes = new int[dimensions];
        long total = 1;
        for (int i = 0; i < dimensions; i++)
        {
            sizes[i] = BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(4 + (4 * i)));
            if (sizes[i] < 0 || (sizes[i] > 0 && total > int.MaxValue / sizes[i])) throw new ModelFormatException(path, null, 4 + (4 * i), $"a size of {sizes[i]}");
            total *= sizes[i];
        }

        if (content.Length - header != total)
            throw new ModelFormatException(path, null, header, $"{total} bytes should follow the header, {content.Length - header} do; the file is truncated or damaged, fetch it again");
        return sizes;
    }
}
