using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests.Models.Onnx.Oracle;
using static Tersor.Tests.Models.Onnx.OnnxProtos;

namespace Tersor.Tests.Models.Onnx;

/// <summary>Files written: the layout of external data is kept or chosen, and all files appear or none.</summary>
public sealed class OnnxFileTests : IDisposable
{
    private static readonly OnnxFormat Format = new();
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Write_NothingChanged_IsTheSameFile()
    {
        File.WriteAllBytes(_folder["in.onnx"], Everything());
        using Model model = Format.Open(_folder["in.onnx"], ModelReadOptions.Default);

        Format.Write(model, _folder["out.onnx"], ModelWriteOptions.Default);

        Assert.Equal(Everything(), File.ReadAllBytes(_folder["out.onnx"]));
        Assert.Equal(["in.onnx", "out.onnx"], _folder.FileNames);
    }

    [Fact]
    public void WithMetadata_ReplacesEntriesOfTheKeyAndTouchesNothingElse()
    {
        using OnnxModel model = Open(Everything());
        Model told = model.WithMetadata(new Dictionary<string, string> { ["licence"] = "MIT", ["author"] = "Ψ" });
        ModelProto expected = ModelProto.Parser.ParseFrom(Everything());
        expected.MetadataProps.Clear();
        expected.MetadataProps.Add(new StringStringEntryProto { Key = "author", Value = "Ψ" });
        expected.MetadataProps.Add(new StringStringEntryProto { Key = "licence", Value = "MIT" });

        Assert.Equal(expected, ModelProto.Parser.ParseFrom(OnnxWriter.ToArray((OnnxModel)told)));
        Assert.Equal("Ψ", told.Metadata["author"]);
        Assert.Equal("Ω", model.Metadata["author"]);
        Assert.Equal(Everything(), OnnxWriter.ToArray(model));
    }

    [Fact]
    public void WithMetadata_SurvivesTopologiesAndFurtherMetadata()
    {
        // Weights come back at the very end of the file, where the new metadata stands too.
        ModelProto source = Model(Raw("w", ElementType.Float32, [2]));
        byte[] bytes = [.. new ModelProto { IrVersion = 8 }.ToByteArray(), .. Field(7, source.Graph.ToByteArray())];
        using OnnxModel model = Open(bytes);
        Model told = model.WithMetadata(new Dictionary<string, string> { ["a"] = "1", ["b"] = "1" }).WithMetadata(new Dictionary<string, string> { ["b"] = "2" });

        Topology topology = told.MakeTopology(_ => true)!;
        using OnnxModel back = OnnxModel.FromTopology(topology.Bytes, model.Find, "back");

        Assert.Equal(OnnxWriter.ToArray((OnnxModel)told), OnnxWriter.ToArray(back));
        Assert.Equal(DataOf(model, "w"), DataOf(back, "w"));
        Assert.Equal(["a = 1", "b = 2"], back.Metadata.Select(entry => $"{entry.Key} = {entry.Value}"));
    }

    [Fact]
    public void Write_ToBufferStreamAndArray_AreTheSameBytes()
    {
        using OnnxModel model = Open(Everything());
        ArrayBufferWriter<byte> buffer = new();
        using MemoryStream stream = new();

        OnnxWriter.Write(model, buffer);
        OnnxWriter.Write(model, stream);

        Assert.Equal(Everything(), buffer.WrittenSpan);
        Assert.Equal(Everything(), stream.ToArray());
        Assert.Equal(Everything(), OnnxWriter.ToArray(model));
        Assert.Equal(Everything().Length, OnnxWriter.MeasureInline(model));
    }

    [Fact]
    public void Write_Preserve_KeepsExternalFilesOffsetsAndEveryByte()
    {
        string source = WriteExternal(out byte[] data);
        using Model model = Format.Open(source, ModelReadOptions.Default);
        Assert.Equal(data[4096..4104], DataOf(model, "a"));
        Assert.Equal(data[..8], DataOf(model, "b"));
        Assert.Equal(data[4096..4104], DataOf(model, "tied"));
        string target = Path.Combine(_folder["copy"], "m.onnx");

        Format.Write(model, target, ModelWriteOptions.Default);

        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(target));
        Assert.Equal(data, File.ReadAllBytes(Path.Combine(_folder["copy"], "sub", "weights.bin")));
    }

    [Fact]
    public void Write_StrippedAndRefilledExternalModel_IsTheSameFiles()
    {
        string source = WriteExternal(out byte[] data);
        using OnnxModel model = OnnxModel.Open(source);
        foreach (Func<Tensor, bool> isCoded in (Func<Tensor, bool>[])[_ => true, _ => false, tensor => tensor.Name == "a"])
        {
            Topology topology = model.MakeTopology(isCoded);
            using OnnxModel joined = OnnxModel.FromTopology(topology.Bytes, name => isCoded(model.Find(name)!) ? model.Find(name) : null, "t");
            string target = Path.Combine(_folder["copy"], "m.onnx");

            Format.Write(joined, target, new ModelWriteOptions { Overwrite = true });

            Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(target));
            Assert.Equal(data, File.ReadAllBytes(Path.Combine(_folder["copy"], "sub", "weights.bin")));
            Assert.Equal(topology.Bytes.ToArray(), joined.MakeTopology(isCoded).Bytes.ToArray());
        }
    }

    [Fact]
    public void Write_TiedTensorsThatNowDiffer_EachKeepsItsOwnData()
    {
        using OnnxModel model = OnnxModel.Open(WriteExternal(out _));
        Topology topology = model.MakeTopology(_ => true);
        using OnnxModel joined = OnnxModel.FromTopology(
            topology.Bytes, name => name == "tied" ? new Tensor(name, new TensorShape(2), [7, 8]) : model.Find(name), "t");
        string target = Path.Combine(_folder["copy"], "m.onnx");

        Format.Write(joined, target, ModelWriteOptions.Default);

        using OnnxModel written = OnnxModel.Open(target);
        Assert.Equal([7, 8], written.Find("tied")!.ReadSingles());
        Assert.Equal(DataOf(model, "a"), DataOf(written, "a"));
        Assert.Equal(DataOf(model, "b"), DataOf(written, "b"));
    }

    [Fact]
    public void Write_Inline_PutsExternalDataIntoRawData()
    {
        using OnnxModel model = OnnxModel.Open(WriteExternal(out byte[] data));

        Format.Write(model, _folder["inline.onnx"], new ModelWriteOptions { ExternalData = ExternalDataLayout.Inline });

        ModelProto written = ModelProto.Parser.ParseFrom(File.ReadAllBytes(_folder["inline.onnx"]));
        Assert.All(written.Graph.Initializer, tensor => Assert.False(tensor.HasDataLocation));
        Assert.All(written.Graph.Initializer, tensor => Assert.Empty(tensor.ExternalData));
        Assert.Equal(data[4096..4104], written.Graph.Initializer[0].RawData.ToByteArray());
        Assert.Equal(OnnxWriter.ToArray(model), File.ReadAllBytes(_folder["inline.onnx"]));
    }

    [Theory]
    [InlineData(ExternalDataLayout.OneFile)]
    [InlineData(ExternalDataLayout.PerTensor)]
    public void Write_External_MovesLargeTensorsOfEveryEncodingAndComesBackInline(ExternalDataLayout layout)
    {
        float[] values = [.. Enumerable.Range(0, 500).Select(i => (float)i)];
        GraphProto graph = Graph(
            Raw("page", ElementType.Float32, [1 << 18]),
            Raw("small", ElementType.Float32, [10]),
            Raw("odd/../name", ElementType.UInt8, [1025]),
            new TensorProto { Name = "typed", DataType = 1, Dims = { 500 }, FloatData = { values }, DataLocation = TensorProto.Types.DataLocation.Default },
            new TensorProto { Name = "half", DataType = 10, Dims = { 600 }, Int32Data = { Enumerable.Range(0, 600) } });
        graph.Node.Add(Constant("c", Raw("", ElementType.Int64, [200])));
        using OnnxModel model = Open(Model(graph));

        Format.Write(model, _folder["m.onnx"], new ModelWriteOptions { ExternalData = layout });

        ModelProto proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(_folder["m.onnx"]));
        TensorProto[] outside = [.. proto.Graph.Initializer.Where(tensor => tensor.DataLocation == TensorProto.Types.DataLocation.External), proto.Graph.Node[0].Attribute[0].T];
        Assert.Equal(["page", "odd/../name", "typed", "half", ""], outside.Select(tensor => tensor.Name));
        Assert.All(outside, tensor => Assert.False(tensor.HasRawData || tensor.FloatData.Count > 0 || tensor.Int32Data.Count > 0));
        Assert.All(outside, tensor => Assert.Equal(["location", "offset", "length"], tensor.ExternalData.Select(entry => entry.Key)));
        foreach (TensorProto tensor in outside)
        {
            long offset = long.Parse(tensor.ExternalData[1].Value, CultureInfo.InvariantCulture);
            Assert.Equal(0, offset % (tensor.Name == "page" ? 4096 : 64));
        }

        Assert.Equal(layout == ExternalDataLayout.OneFile ? 2 : 6, _folder.FileNames.Length);
        using OnnxModel written = OnnxModel.Open(_folder["m.onnx"]);
        foreach (Tensor tensor in model.Tensors) Assert.Equal(tensor.Data.ReadAll().ToArray(), DataOf(written, tensor.Name));
        ModelProto back = ModelProto.Parser.ParseFrom(OnnxWriter.ToArray(written));
        Assert.Equal(Singles(values), back.Graph.Initializer[3].RawData.ToByteArray());
    }

    [Fact]
    public void Write_Preserve_InlineModelOverTheLimit_GoesToOneDataFile()
    {
        GraphProto graph = Graph(Raw("w", ElementType.Float32, [1000]), Raw("small", ElementType.Float32, [2]));
        graph.Node.Add(Constant("c", Raw("", ElementType.Float32, [2000])));
        using OnnxModel model = Open(Model(graph));

        OnnxFileWriter.Write(model, _folder["m.onnx"], ModelWriteOptions.Default, null, default, maxMessageBytes: 1000);

        Assert.Equal(["m.onnx", "m.onnx.data"], _folder.FileNames);
        Assert.InRange(new FileInfo(_folder["m.onnx"]).Length, 1, 1000);
        using OnnxModel written = OnnxModel.Open(_folder["m.onnx"]);
        foreach (Tensor tensor in model.Tensors) Assert.Equal(tensor.Data.ReadAll().ToArray(), DataOf(written, tensor.Name));
        ResourceLimitException error = Assert.Throws<ResourceLimitException>(
            () => OnnxFileWriter.Write(model, _folder["n.onnx"], new ModelWriteOptions { ExternalData = ExternalDataLayout.Inline }, null, default, maxMessageBytes: 1000));
        Assert.Contains("external data", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, _folder.FileNames.Length);
    }

    [Fact]
    public void Write_Preserve_ExternalModelWithMuchInlineOverTheLimit_KeepsItsFileAndAddsOne()
    {
        string source = WriteExternal(out byte[] data, "m.onnx.data", Raw("w", ElementType.Float32, [1000]));
        using OnnxModel model = OnnxModel.Open(source);
        string target = Path.Combine(_folder["copy"], "m.onnx");

        OnnxFileWriter.Write(model, target, ModelWriteOptions.Default, null, default, maxMessageBytes: 1000);

        Assert.Equal(data, File.ReadAllBytes(target + ".data"));
        Assert.Equal(4000, new FileInfo(target + ".data.2").Length);
        using OnnxModel written = OnnxModel.Open(target);
        Assert.Equal(DataOf(model, "w"), DataOf(written, "w"));
    }

    [Fact]
    public void Write_ModelOfAnotherFormat_BecomesInitializers()
    {
        using Model model = new(
            "safetensors",
            "x.safetensors",
            [new Tensor("b", new TensorShape(2), [1, 2]), new Tensor("", ElementType.Int8, new TensorShape(1), ByteSource.FromMemory(new byte[] { 5 }))],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "v" });

        Format.Write(model, _folder["m.onnx"], ModelWriteOptions.Default);

        using Model written = ModelFormats.Open(_folder["m.onnx"]);
        Assert.Equal("onnx", written.Format);
        Assert.Equal([1, 2], written.Find("b")!.ReadSingles());
        Assert.Equal([5], DataOf(written, ""));
        Assert.Equal("v", written.Metadata["k"]);
    }

    [Fact]
    public void Write_TextOfAnotherFormat_IsRefusedByName()
    {
        using Model model = new("npz", "x.npz", [new Tensor("words", ElementType.String, new TensorShape(2), ByteSource.FromMemory(new byte[9]))]);

        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => Format.Write(model, _folder["m.onnx"], ModelWriteOptions.Default));

        Assert.Contains("'words'", error.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public void Write_Checksum_IsThatOfTheDataFileWritten()
    {
        byte[] data = Bytes(64);
        string sum = Convert.ToHexString(SHA1.HashData(data));
        string source = _folder["m.onnx"];
        File.WriteAllBytes(_folder["w.bin"], data);
        File.WriteAllBytes(source, Model(External("a", [16], "w.bin", ("checksum", sum))).ToByteArray());
        using OnnxModel model = OnnxModel.Open(source);
        Format.Write(model, Path.Combine(_folder["same"], "m.onnx"), ModelWriteOptions.Default);
        using OnnxModel changed = OnnxModel.FromTopology(model.MakeTopology(_ => true).Bytes, name => new Tensor(name, new TensorShape(16), new float[16]), "t");

        Format.Write(changed, Path.Combine(_folder["other"], "m.onnx"), ModelWriteOptions.Default);

        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(Path.Combine(_folder["same"], "m.onnx")));
        ModelProto written = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(_folder["other"], "m.onnx")));
        Assert.Equal(Convert.ToHexString(SHA1.HashData(new byte[64])), written.Graph.Initializer[0].ExternalData[1].Value);
    }

    [Fact]
    public void Write_OffsetFarBehindAllData_DoesNotFillTheDisk()
    {
        byte[] topology = Model(External("a", [2], "w.bin", ("offset", "1000000000000"))).ToByteArray();
        using OnnxModel model = OnnxModel.FromTopology(topology, name => new Tensor(name, new TensorShape(2), [1, 2]), "t");

        Format.Write(model, _folder["m.onnx"], ModelWriteOptions.Default);

        Assert.Equal(8, new FileInfo(_folder["w.bin"]).Length);
        using OnnxModel written = OnnxModel.Open(_folder["m.onnx"]);
        Assert.Equal([1, 2], written.Tensors[0].ReadSingles());
    }

    [Fact]
    public void Write_ExternalTensorWithAnEmptyDataFieldToo_KeepsItsData()
    {
        File.WriteAllBytes(_folder["w.bin"], Singles(1, 2));
        TensorProto tensor = External("a", [2], "w.bin");
        byte[] original = ModelWithTensorBytes(tensor.ToByteArray(), Field(9, []));
        File.WriteAllBytes(_folder["m.onnx"], original);
        using OnnxModel model = OnnxModel.Open(_folder["m.onnx"]);

        TensorProto inline = ModelProto.Parser.ParseFrom(OnnxWriter.ToArray(model)).Graph.Initializer[0];
        Assert.Equal(Singles(1, 2), inline.RawData.ToByteArray());
        Assert.False(inline.HasDataLocation);
        foreach (bool isCoded in (bool[])[true, false])
        {
            using OnnxModel joined = OnnxModel.FromTopology(model.MakeTopology(_ => isCoded).Bytes, model.Find, "t");
            Assert.Equal(Singles(1, 2), DataOf(joined, "a"));
            string target = Path.Combine(_folder[$"{isCoded}"], "m.onnx");
            Format.Write(joined, target, ModelWriteOptions.Default);
            Assert.Equal(original, File.ReadAllBytes(target));
            Assert.Equal(model.MakeTopology(_ => true).Bytes.ToArray(), joined.MakeTopology(_ => true).Bytes.ToArray());
        }
    }

    [Fact]
    public void Write_ExistingFiles_AreLeftAloneUnlessToldOtherwise()
    {
        using OnnxModel model = Open(Model(Raw("w", ElementType.Float32, [1000])));
        ModelWriteOptions options = new() { ExternalData = ExternalDataLayout.OneFile };
        File.WriteAllText(_folder["m.onnx.data"], "mine");

        IOException error = Assert.Throws<IOException>(() => Format.Write(model, _folder["m.onnx"], options));

        Assert.Contains("--force", error.Message, StringComparison.Ordinal);
        Assert.Equal(["m.onnx.data"], _folder.FileNames);
        Assert.Equal("mine", File.ReadAllText(_folder["m.onnx.data"]));
        Format.Write(model, _folder["m.onnx"], options with { Overwrite = true });
        Assert.Equal(4000, new FileInfo(_folder["m.onnx.data"]).Length);
    }

    [Fact]
    public void Write_FailureHalfWay_LeavesNothingBehind()
    {
        byte[] topology = OnnxTopology.FromTensors(
            [("good", ElementType.Float32, new TensorShape(1000)), ("bad", ElementType.Float32, new TensorShape(1000))]).Bytes.ToArray();
        Tensor bad = new("bad", ElementType.Float32, new TensorShape(1000), ByteSource.Deferred("bad", 4000, _ => throw new IOException("gone")));
        using OnnxModel model = OnnxModel.FromTopology(topology, name => name == "bad" ? bad : new Tensor(name, new TensorShape(1000), new float[1000]), "t");
        foreach (ExternalDataLayout layout in Enum.GetValues<ExternalDataLayout>())
            Assert.Throws<IOException>(() => Format.Write(model, _folder["m.onnx"], new ModelWriteOptions { ExternalData = layout }));

        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(_folder["m.onnx"])!));
    }

    [Fact]
    public void Write_Cancelled_LeavesNothingBehind()
    {
        using OnnxModel model = Open(Model(Raw("w", ElementType.Float32, [1000])));
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(() => Format.Write(model, _folder["m.onnx"], ModelWriteOptions.Default, null, cancelled.Token));

        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public void Write_Progress_EndsAtTheTotal()
    {
        using OnnxModel model = Open(Model(Raw("v", ElementType.Float32, [1000]), Raw("w", ElementType.Float32, [1000])));
        foreach (ExternalDataLayout layout in (ExternalDataLayout[])[ExternalDataLayout.OneFile, ExternalDataLayout.PerTensor])
        {
            Steps steps = new();
            Format.Write(model, _folder[$"{layout}.onnx"], new ModelWriteOptions { ExternalData = layout }, steps);

            Assert.Equal(["v", "w", _folder[$"{layout}.onnx"]], steps.Items);
            Assert.Equal(steps.Last.Total, steps.Last.Done);
            Assert.InRange(steps.Last.Total, 8000, 9000);
        }
    }

    [Fact]
    public void Write_BesideTheSource_LeavesItsDataFileAlone()
    {
        string source = WriteExternal(out byte[] data, "m.onnx.data");
        using OnnxModel model = OnnxModel.Open(source);
        using OnnxModel changed = OnnxModel.FromTopology(model.MakeTopology(_ => true).Bytes, name => new Tensor(name, model.Find(name)!.Shape, new float[model.Find(name)!.ElementCount]), "t");
        foreach (bool overwrite in (bool[])[false, true])
        {
            Format.Write(changed, _folder["copy.onnx"], new ModelWriteOptions { Overwrite = overwrite });

            Assert.Equal(data, File.ReadAllBytes(_folder["m.onnx.data"]));
            Assert.Equal(Bytes(8, 3), DataOf(model, "a"));
            using OnnxModel written = OnnxModel.Open(_folder["copy.onnx"]);
            Assert.Equal(_folder["copy.onnx.data"], written.Find("a")!.Data.Name);
            Assert.Equal(new byte[8], DataOf(written, "a"));
        }

        Assert.Throws<IOException>(() => Format.Write(changed, _folder["copy.onnx"], ModelWriteOptions.Default));
        File.Delete(_folder["copy.onnx"]);
        Assert.Throws<IOException>(() => Format.Write(changed, _folder["copy.onnx"], ModelWriteOptions.Default));
        Assert.Equal(["copy.onnx.data", "m.onnx", "m.onnx.data"], _folder.FileNames);
    }

    [Fact]
    public void Write_OverTheSource_PutsWeightsWhereTheyWere()
    {
        string source = WriteExternal(out byte[] data, "weights.bin");
        byte[] before = File.ReadAllBytes(source);
        using (OnnxModel model = OnnxModel.Open(source)) Format.Write(model, source, new ModelWriteOptions { Overwrite = true });

        Assert.Equal(before, File.ReadAllBytes(source));
        Assert.Equal(data, File.ReadAllBytes(_folder["weights.bin"]));
        Assert.Equal(["m.onnx", "weights.bin"], _folder.FileNames);
    }

    [Fact]
    public void CheckExternalData_ComparesTheChecksumsThatAreChecksums()
    {
        byte[] data = Bytes(64);
        string sum = Convert.ToHexString(SHA1.HashData(data));
        File.WriteAllBytes(_folder["w.bin"], data);
        File.WriteAllBytes(_folder["m.onnx"], Model(
            External("right", [4], "w.bin", ("checksum", sum)),
            External("lower", [4], "w.bin", ("checksum", sum.ToLowerInvariant())),
            External("other", [4], "w.bin", ("checksum", "crc32:0")),
            External("none", [4], "w.bin")).ToByteArray());
        using OnnxModel model = OnnxModel.Open(_folder["m.onnx"]);
        Assert.Empty(model.CheckExternalData());

        data[63] ^= 1;
        File.WriteAllBytes(_folder["w.bin"], data);

        IReadOnlyList<ModelFormatException> problems = model.CheckExternalData();
        Assert.Equal(["tensor 'right'", "tensor 'lower'"], problems.Select(problem => problem.Item));
        Assert.Contains("the checksum of 'w.bin' is " + Convert.ToHexStringLower(SHA1.HashData(data)), problems[0].Message, StringComparison.Ordinal);
        Assert.Empty(OnnxModel.Open(ByteSource.FromMemory(Model(Raw("v", ElementType.Float32, [2])).ToByteArray())).CheckExternalData());
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A model with two distinct tensors and a tied one in a data file with a gap.</summary>
    private string WriteExternal(out byte[] data, string location = "sub/weights.bin", params TensorProto[] more)
    {
        data = new byte[4104];
        Bytes(8, 2).CopyTo(data, 0);
        Bytes(8, 3).CopyTo(data, 4096);
        string path = _folder["m.onnx"];
        string dataPath = Path.Combine(Path.GetDirectoryName(path)!, location);
        Directory.CreateDirectory(Path.GetDirectoryName(dataPath)!);
        File.WriteAllBytes(dataPath, data);
        File.WriteAllBytes(
            path,
            Model(
                [
                    External("a", [2], location, ("offset", "4096"), ("length", "8")),
                    External("b", [2], location, ("length", "8")),
                    External("tied", [2], location, ("length", "8"), ("offset", "4096")),
                    Raw("inline", ElementType.Float32, [3]),
                    .. more,
                ]).ToByteArray());
        return path;
    }

    private sealed class Steps : IProgress<ModelProgress>
    {
        public List<string> Items { get; } = [];

        public ModelProgress Last { get; private set; }

        public void Report(ModelProgress value)
        {
            Items.Add(value.Item);
            Last = value;
        }
    }
}
