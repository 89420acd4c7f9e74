using System.Globalization;
using Tersor.Models;

namespace Tersor.Engine.Data;

/// <summary>
/// CIFAR-10 and CIFAR-100 in the binary layout: records of one label (CIFAR-100: a coarse and a fine one, of which the fine one counts), then 1024 red, 1024 green
/// and 1024 blue pixels. Each file may be compressed by gzip.
/// </summary>
public static class CifarFiles
{
    private const int Side = 32;
    private const int PixelsPerImage = 3 * Side * Side;
    private const int Batches = 5;

    /// <summary>Reads CIFAR-10; train batches that are not there are left out, as long as one is.</summary>
    /// <exception cref="FileNotFoundException">The folder lacks the files.</exception>
    /// <exception cref="ModelFormatException">A file is truncated or holds a label out of range.</exception>
    public static SampleSet Read10(string folder, bool isTest)
    {
        List<string> names = isTest
            ? ["test_batch.bin"]
            : [.. Enumerable.Range(1, Batches).Select(i => string.Create(CultureInfo.InvariantCulture, $"data_batch_{i}.bin"))];
        return Read(folder, $"cifar10 {(isTest ? "test" : "train")}", names, labelBytes: 1, classes: 10);
    }

    /// <summary>Reads CIFAR-100.</summary>
    /// <exception cref="FileNotFoundException">The folder lacks the file.</exception>
    /// <exception cref="ModelFormatException">The file is truncated or holds a label out of range.</exception>
    public static SampleSet Read100(string folder, bool isTest) =>
        Read(folder, $"cifar100 {(isTest ? "test" : "train")}", [isTest ? "test.bin" : "train.bin"], labelBytes: 2, classes: 100);

    private static SampleSet Read(string folder, string name, List<string> files, int labelBytes, int classes)
    {
        List<(string Path, byte[] Content)> contents = [];
        long images = 0;
        int record = labelBytes + PixelsPerImage;
        foreach (string file in files)
        {
            if (CompressedBytes.Find(folder, file) is not { } path) continue;
            byte[] content = CompressedBytes.Read(path);
            if (content.Length % record != 0)
                throw new ModelFormatException(path, null, content.Length, $"{content.Length} bytes are not a number of records of {record}; the file is truncated or damaged, fetch it again");
            contents.Add((path, content));
            images += content.Length / record;
        }

        if (contents.Count == 0) throw new FileNotFoundException($"{folder}: none of {string.Join(", ", files)} (or with .gz) is there.");
        byte[] pixels = new byte[checked((int)(images * PixelsPerImage))];
        int[] labels = new int[images];
        int at = 0;
        foreach ((string path, byte[] content) in contents)
        {
            for (int start = 0; start < content.Length; start += record, at++)
            {
                labels[at] = content[start + labelBytes - 1];
                if (labels[at] >= classes) throw new ModelFormatException(path, null, start, $"a label of {labels[at]}; there are {classes} classes");
                content.AsSpan(start + labelBytes, PixelsPerImage).CopyTo(pixels.AsSpan(at * PixelsPerImage));
            }
        }

        return new SampleSet(name, new TensorShape(3, Side, Side), pixels, labels);
    }
}
