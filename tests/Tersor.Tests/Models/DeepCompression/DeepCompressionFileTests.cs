using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tersor.Fuzz;
using Tersor.Models;
using Tersor.Models.DeepCompression;

namespace Tersor.Tests.Models.DeepCompression;

public class DeepCompressionFileTests
{
    private const string SharedFile = "models/squeezenet-v1.0-deep-compressed.net";

    private static readonly DeepCompressionNetwork OneLayer = FuzzTargets.OneLayer;

    // One fully connected layer of 2 x 10: nz 3, codebook, two biases, ids 3 5 0, gaps 0 15 2.
    private static byte[] SyntheticFile()
    {
        byte[] file = new byte[80];
        file[0] = 3;
        float[] values = [0, -.5f, -.25f, .125f, .25f, .75f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .1f, -.1f];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(4 + (4 * i)), values[i]);
        file[76] = 0x03;
        file[77] = 0x05;
        file[78] = 0xF0;
        file[79] = 0x02;
        return file;
    }

    private static DeepCompressionFile Open(byte[] file, DeepCompressionNetwork? network = null) =>
        DeepCompressionFile.Open(ByteSource.FromMemory(file), network);

    [Fact]
    public void Open_SyntheticFile_GivesItsTwoWeights()
    {
        using Model model = DeepCompressionFormat.Open(ByteSource.FromMemory(SyntheticFile()), OneLayer);
        float[] expected = new float[20];
        expected[0] = .125f;
        expected[19] = .75f;
        Assert.Equal(expected, model.Find("fc.weight")!.ReadSingles());
        Assert.Equal([.1f, -.1f], model.Find("fc.bias")!.ReadSingles());
        Assert.Equal(new TensorShape(2, 10), model.Find("fc.weight")!.Shape);
    }

    [Fact]
    public void Encode_SyntheticFile_GivesItsBytes() =>
        Assert.Equal(SyntheticFile(), DeepCompressionFile.Encode(OneLayer, [Open(SyntheticFile(), OneLayer).ReadLayer(0)]));

    [Fact]
    public void Encode_LongGaps_TakesAFillerPerSixteen()
    {
        byte[] dense = new byte[40];
        foreach (int position in (ReadOnlySpan<int>)[0, 1, 20, 37, 38]) dense[position] = 9;
        (byte[] ids, byte[] gaps, int count) = SparseIds.Encode(dense, 8);
        Assert.Equal([9, 9, 0, 9, 0, 9, 9], ids);
        Assert.Equal([0x00, 0x2F, 0x0F, 0x00], gaps);
        Assert.Equal(7, count);
        byte[] back = new byte[40];
        SparseIds.Decode(ids, gaps, count, 8, back);
        Assert.Equal(dense, back);
    }

    [Fact]
    public void EncodeOpen_RandomLayers_ComeBack()
    {
        DeepCompressionNetwork network = new("two layers", [new("conv", new TensorShape(3, 5, 3, 3)), new("ip", new TensorShape(7, 135))]);
        Seeded random = new(11);
        for (int round = 0; round < 50; round++)
        {
            int sparsity = 1 + random.NextInt(60);
            DeepCompressionLayer[] layers = [.. network.Layers.Select(shape => new DeepCompressionLayer(
                shape,
                Enumerable.Range(0, shape.CodebookLength).Select(i => i == 0 ? 0 : random.NextGaussian()).ToArray(),
                Enumerable.Range(0, shape.OutputCount).Select(_ => random.NextGaussian()).ToArray(),
                Enumerable.Range(0, (int)shape.Shape.ElementCount).Select(_ => (byte)(random.NextInt(sparsity) > 0 ? 0 : random.NextInt(shape.CodebookLength))).ToArray()))];
            byte[] bytes = DeepCompressionFile.Encode(network, layers);
            DeepCompressionFile file = Open(bytes, network);
            for (int i = 0; i < layers.Length; i++)
            {
                DeepCompressionLayer layer = file.ReadLayer(i);
                Assert.Equal(layers[i].Ids.ToArray(), layer.Ids.ToArray());
                Assert.Equal(layers[i].Codebook.ToArray(), layer.Codebook.ToArray());
                Assert.Equal(layers[i].Bias.ToArray(), layer.Bias.ToArray());
            }
        }
    }

    [Fact]
    public void Open_AllPruned_IsAllZero()
    {
        DeepCompressionLayer empty = new(OneLayer.Layers[0], new float[16], new float[2], new byte[20]);
        byte[] file = DeepCompressionFile.Encode(OneLayer, [empty]);
        Assert.Equal(4 + 64 + 8, file.Length);
        using Model model = DeepCompressionFormat.Open(ByteSource.FromMemory(file), OneLayer);
        Assert.Equal(new float[20], model.Tensors[0].ReadSingles());
    }

    [Fact]
    public void Open_EveryTruncation_Throws()
    {
        foreach (byte[] part in Mutations.Truncations(SyntheticFile())) Assert.Throws<ModelFormatException>(() => Open(part, OneLayer));
    }

    [Fact]
    public void Open_DamagedFiles_SucceedOrFailInOrder()
    {
        foreach (byte[] damaged in Mutations.SingleBitFlips(SyntheticFile())) FuzzTargets.DeepCompression.Run(damaged);
        foreach (byte[] damaged in Mutations.Random(SyntheticFile(), 3, 3000)) FuzzTargets.DeepCompression.Run(damaged);
    }

    [Fact]
    public void Open_GapsPastTheLastWeight_NameTheLayer()
    {
        byte[] file = SyntheticFile();
        file[79] = 0x03;
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(file, OneLayer));
        Assert.Equal("layer 'fc'", error.Item);
        Assert.Equal(78, error.Offset);
        Assert.Contains("weight 20 of 20", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_HostileEntryCount_AllocatesNothingMuch()
    {
        byte[] file = SyntheticFile();
        BinaryPrimitives.WriteUInt32LittleEndian(file, uint.MaxValue);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => Open(file, OneLayer));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000);
    }

    [Fact]
    public void Open_OfNoKnownNetwork_SaysSo()
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(SyntheticFile()));
        Assert.Contains("SqueezeNet v1.0 or AlexNet", error.Message, StringComparison.Ordinal);
        Assert.False(new DeepCompressionFormat().Matches(SyntheticFile(), 80), "an unknown network");
    }

    [Fact]
    public void Layer_WithPartsOfOtherLengths_IsRefused()
    {
        DeepCompressionLayerShape shape = OneLayer.Layers[0];
        Assert.Throws<ArgumentException>(() => new DeepCompressionLayer(shape, new float[256], new float[2], new byte[20]));
        Assert.Throws<ArgumentException>(() => new DeepCompressionLayer(shape, new float[16], new float[3], new byte[20]));
        Assert.Throws<ArgumentException>(() => new DeepCompressionLayer(shape, new float[16], new float[2], new byte[19]));
        Assert.Throws<ArgumentException>(() => new DeepCompressionLayer(shape, new float[16], new float[2], Enumerable.Repeat((byte)16, 20).ToArray()));
        Assert.Throws<ArgumentException>(() => DeepCompressionFile.Encode(OneLayer, []));
    }

    [Fact]
    public void Networks_HaveThePublishedSizes()
    {
        Assert.Equal(26, DeepCompressionNetwork.SqueezeNet.Layers.Count);
        Assert.Equal(1_244_448, DeepCompressionNetwork.SqueezeNet.Layers.Sum(layer => layer.Shape.ElementCount));
        Assert.Equal(8, DeepCompressionNetwork.AlexNet.Layers.Count);
        Assert.Equal(60_954_656, DeepCompressionNetwork.AlexNet.Layers.Sum(layer => layer.Shape.ElementCount));
    }

    [Fact]
    public void Open_PrunedAlexNet_IsKnownByItsFit()
    {
        // The release itself is not at hand; one that keeps a weight per layer has the same layout.
        DeepCompressionNetwork network = DeepCompressionNetwork.AlexNet;
        byte[] file = DeepCompressionFile.Encode(network, [.. network.Layers.Select(shape =>
        {
            byte[] ids = new byte[shape.Shape.ElementCount];
            ids[5] = 1;
            return new DeepCompressionLayer(shape, new float[shape.CodebookLength], new float[shape.OutputCount], ids);
        })]);
        Assert.True(new DeepCompressionFormat().Matches(file.AsSpan(0, 512), file.Length), "the entry counts fill the file");
        Assert.Same(network, Open(file).Network);
    }

    [SkippableFact]
    public void Open_ReleasedSqueezeNet_HasTheFactsOfItsDescription()
    {
        byte[] bytes = File.ReadAllBytes(SharedAssets.Require(SharedFile));
        Assert.Equal(675_763, bytes.Length);
        DeepCompressionFile file = Open(bytes);
        Assert.Same(DeepCompressionNetwork.SqueezeNet, file.Network);
        Assert.Equal([13902, 1528, 1020, 3073], file.EntryCounts.Take(4));
        Assert.Equal(105_973, file.EntryCounts[^1]);
        Assert.Equal(422_083, file.EntryCounts.Sum());

        DeepCompressionLayer[] layers = [.. Enumerable.Range(0, 26).Select(file.ReadLayer)];
        Assert.All(layers, layer => Assert.Equal(0f, layer.Codebook.Span[0]));
        Assert.Equal(415_921, layers.Sum(layer => layer.Ids.Length - layer.Ids.Span.Count((byte)0)));
        Assert.Equal(511_995, layers[^1].Ids.Span.LastIndexOfAnyExcept((byte)0));
        Assert.Equal([0, -0.6967577, 0.0118295, -0.0156604], layers[0].Codebook.ToArray().Take(4).Select(value => Math.Round(value, 7)));
        Assert.Equal(0.4963481f, layers[0].Bias.Span[0], 1e-7f);
        Assert.Equal([159, 151, 142, 132, 235], layers[0].Ids.ToArray().Where(id => id != 0).Take(5).Select(id => (int)id));
        byte[] expand = layers[3].Ids.ToArray();
        Assert.Equal([1, 5, 12, 16, 17, 18, 19, 20, 22, 24], Enumerable.Range(0, expand.Length).Where(i => expand[i] != 0).Take(10));
        Assert.Equal([107, 213, 114, 125, 247, 80, 83, 191, 213, 121], expand.Where(id => id != 0).Take(10).Select(id => (int)id));
        Assert.Equal(15_904, layers.Sum(layer => layer.Bias.Length * sizeof(float)));

        Assert.Equal(bytes, DeepCompressionFile.Encode(file.Network, layers));
    }

    [SkippableFact]
    public void Open_ReleasedSqueezeNet_GivesTheTensorsOfTheSharedSafetensors()
    {
        using Model model = ModelFormats.Open(SharedAssets.Require(SharedFile));
        using Model reference = ModelFormats.Open(SharedAssets.Require("models/squeezenet-v1.0-deep-compressed.safetensors"));
        Assert.Equal("deep-compression", model.Format);
        Assert.Equal(reference.Tensors.Select(tensor => (tensor.Name, tensor.Shape)), model.Tensors.Select(tensor => (tensor.Name, tensor.Shape)));
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < model.Tensors.Count; i++)
        {
            float[] values = model.Tensors[i].ReadSingles();
            Assert.Equal(reference.Tensors[i].ReadSingles(), values);
            if (model.Tensors[i].Name.EndsWith(".weight", StringComparison.Ordinal)) hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
        }

        Assert.Equal("a7b128820e97a1031da272fa296ee1fea632140cc7ebd676323c8c1b2565ebaf", Convert.ToHexStringLower(hash.GetHashAndReset()));
        float[] first = model.Find("conv1.weight")!.ReadSingles();
        Assert.Equal(-0.6967577f, first.Min(), 1e-7f);
        Assert.Equal(0.6508778f, first.Max(), 1e-7f);
    }

    [SkippableFact]
    public void Open_ReleasedSqueezeNet_IsKnownByContentAlone()
    {
        using TemporaryFolder folder = new();
        File.Copy(SharedAssets.Require(SharedFile), folder["renamed"]);
        Assert.IsType<DeepCompressionFormat>(ModelFormats.Detect(folder["renamed"]));
    }
}
