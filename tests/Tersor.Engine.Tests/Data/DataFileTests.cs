using System.Buffers.Binary;
using System.IO.Compression;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Networks;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Data;

public class DataFileTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mnist_files_are_read_compressed_or_not(bool isCompressed)
    {
        using TemporaryFolder folder = new();
        WriteMnist(folder, images: 3, labels: 3, isCompressed);

        SampleSet set = DataSource.Parse($"mnist:{Path.GetDirectoryName(folder["x"])}").Load(DataSplit.Test);

        Assert.Equal(3, set.Count);
        Assert.Equal(new TensorShape(1, 2, 2), set.SampleShape);
        Assert.Equal([7, 8, 9], Enumerable.Range(0, 3).Select(set.Label));
        float[] pixels = new float[4];
        set.CopyTo(1, pixels);
        Assert.Equal([4f, 5f, 6f, 7f], pixels);
    }

    [Fact]
    public void Truncated_and_contradicting_files_are_refused()
    {
        using TemporaryFolder folder = new();
        string path = Path.GetDirectoryName(folder["x"])!;
        WriteMnist(folder, images: 3, labels: 2, isCompressed: false);
        Assert.Contains("2 labels for 3 images", Assert.Throws<ModelFormatException>(() => MnistFiles.Read(path, isTest: true)).Message, StringComparison.Ordinal);
        byte[] images = File.ReadAllBytes(folder["t10k-images-idx3-ubyte"]);
        for (int length = 0; length < images.Length; length++)
        {
            File.WriteAllBytes(folder["t10k-images-idx3-ubyte"], images[..length]);
            Assert.Throws<ModelFormatException>(() => MnistFiles.Read(path, isTest: true));
        }

        Assert.Throws<FileNotFoundException>(() => MnistFiles.Read(path, isTest: false));
        File.WriteAllBytes(folder["test_batch.bin"], new byte[3072]);
        Assert.Contains("not a number of records", Assert.Throws<ModelFormatException>(() => CifarFiles.Read10(path, isTest: true)).Message, StringComparison.Ordinal);
        byte[] record = new byte[3073];
        record[0] = 10;
        File.WriteAllBytes(folder["test_batch.bin"], record);
        Assert.Contains("a label of 10", Assert.Throws<ModelFormatException>(() => CifarFiles.Read10(path, isTest: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cifar_batches_that_are_there_are_joined()
    {
        using TemporaryFolder folder = new();
        byte[] records = new byte[2 * 3073];
        (records[0], records[3073]) = (4, 9);
        records[1] = 200;
        File.WriteAllBytes(folder["data_batch_2.bin"], records);
        File.WriteAllBytes(folder["data_batch_5.bin"], records[..3073]);

        SampleSet set = CifarFiles.Read10(Path.GetDirectoryName(folder["x"])!, isTest: false);

        Assert.Equal([4, 9, 4], Enumerable.Range(0, 3).Select(set.Label));
        float[] pixels = new float[3072];
        set.CopyTo(2, pixels);
        Assert.Equal(200, pixels[0]);
    }

    [Fact]
    public void The_fine_label_of_cifar100_counts()
    {
        using TemporaryFolder folder = new();
        byte[] record = new byte[3074];
        (record[0], record[1]) = (19, 99);
        File.WriteAllBytes(folder["test.bin"], record);
        Assert.Equal(99, CifarFiles.Read100(Path.GetDirectoryName(folder["x"])!, isTest: true).Label(0));
    }

    [Fact]
    public void The_validation_part_is_held_out_by_its_seed()
    {
        DataSource source = DataSource.Parse("digits:200,10", seed: 5, validationFraction: 0.25);
        SampleSet train = source.Load(DataSplit.Train);
        SampleSet validation = source.Load(DataSplit.Validation);
        Assert.Equal((150, 50), (train.Count, validation.Count));
        HashSet<string> seen = [.. Enumerable.Range(0, 150).Select(i => Pixels(train, i))];
        Assert.DoesNotContain(Enumerable.Range(0, 50), i => seen.Contains(Pixels(validation, i)));
        Assert.Equal(Pixels(validation, 0), Pixels(DataSource.Parse("digits:200,10", 5, 0.25).Load(DataSplit.Validation), 0));
    }

    [Fact]
    public void Generated_digits_do_not_depend_on_how_many_are_asked_for()
    {
        SampleSet few = GeneratedDigits.Generate(5, 9, isTest: false);
        SampleSet many = GeneratedDigits.Generate(50, 9, isTest: false);
        for (int i = 0; i < 5; i++) Assert.Equal((Pixels(few, i), few.Label(i)), (Pixels(many, i), many.Label(i)));
        Assert.NotEqual(Pixels(few, 0), Pixels(GeneratedDigits.Generate(1, 10, isTest: false), 0));
        Assert.Equal(10, GeneratedDigits.Generate(200, 9, isTest: true).ClassCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("mnist:")]
    [InlineData("imagenet:x")]
    [InlineData("digits:5")]
    public void An_unknown_source_is_refused_with_the_list(string specification) =>
        Assert.Contains("digits:TRAIN,TEST", Assert.Throws<FormatException>(() => DataSource.Parse(specification)).Message, StringComparison.Ordinal);

    [Fact]
    public void Preprocessing_scales_orders_and_lays_out()
    {
        Preprocessing preprocessing = new() { Scale = 0.5f, Mean = [1, 2], Deviation = [2, 4], IsBgr = true, IsChannelsLast = true };
        float[] input = new float[4];
        preprocessing.Apply(new TensorShape(2, 1, 2), [2f, 4f, 6f, 8f], input);
        // Channel 0 of the model is the last of the data: (3 - 1) / 2, (4 - 1) / 2; channel 1: (1 - 2) / 4, (2 - 2) / 4.
        Assert.Equal([1f, -0.25f, 1.5f, 0f], input);
        Assert.Equal(new TensorShape(1, 2, 2), preprocessing.InputShape(new TensorShape(2, 1, 2)));
    }

    [Fact]
    public void Preprocessing_survives_the_metadata_of_a_model()
    {
        Preprocessing preprocessing = new() { Scale = 1f / 3, Mean = Numbers("0.485,0.456,1/3"), Deviation = [0.1f], IsBgr = true };
        using TemporaryFolder folder = new();
        NetworkArchitectures.Create("lenet-300-100", 1).WithMetadata(preprocessing.ToMetadata()).Save(folder["net.onnx"]);
        using Model model = ModelFormats.Open(folder["net.onnx"]);

        Preprocessing read = Preprocessing.FromMetadata(ExecutableGraph.Create(OnnxGraph.FromModel(model)).Metadata)!;

        Assert.Equal(preprocessing.Mean, read.Mean);
        Assert.Equal((preprocessing.Scale, preprocessing.IsBgr, preprocessing.IsChannelsLast), (read.Scale, read.IsBgr, read.IsChannelsLast));
        Assert.Null(Preprocessing.FromMetadata(new Dictionary<string, string>(StringComparer.Ordinal)));
        Assert.False(Preprocessing.TryParseNumbers("0.1,x", out _));
        Assert.False(Preprocessing.TryParseNumbers("1/0", out _));
    }

    private static float[] Numbers(string text) => Preprocessing.TryParseNumbers(text, out float[]? numbers) ? numbers : [];

    private static string Pixels(SampleSet set, int index)
    {
        float[] pixels = new float[set.SampleShape.ElementCount];
        set.CopyTo(index, pixels);
        return string.Join(',', pixels);
    }

    private static void WriteMnist(TemporaryFolder folder, int images, int labels, bool isCompressed)
    {
        byte[] imageFile = new byte[16 + (4 * images)];
        BinaryPrimitives.WriteInt32BigEndian(imageFile, 2051);
        BinaryPrimitives.WriteInt32BigEndian(imageFile.AsSpan(4), images);
        BinaryPrimitives.WriteInt32BigEndian(imageFile.AsSpan(8), 2);
        BinaryPrimitives.WriteInt32BigEndian(imageFile.AsSpan(12), 2);
        for (int i = 16; i < imageFile.Length; i++) imageFile[i] = (byte)(i - 16);
        byte[] labelFile = new byte[8 + labels];
        BinaryPrimitives.WriteInt32BigEndian(labelFile, 2049);
        BinaryPrimitives.WriteInt32BigEndian(labelFile.AsSpan(4), labels);
        for (int i = 0; i < labels; i++) labelFile[8 + i] = (byte)(7 + i);
        Write(folder, "t10k-images-idx3-ubyte", imageFile, isCompressed);
        Write(folder, "t10k-labels-idx1-ubyte", labelFile, isCompressed);
    }

    private static void Write(TemporaryFolder folder, string name, byte[] content, bool isCompressed)
    {
        if (!isCompressed)
        {
            File.WriteAllBytes(folder[name], content);
            return;
        }

        using FileStream file = File.Create(folder[name + ".gz"]);
        using GZipStream gzip = new(file, CompressionLevel.Fastest);
        gzip.Write(content);
    }
}
