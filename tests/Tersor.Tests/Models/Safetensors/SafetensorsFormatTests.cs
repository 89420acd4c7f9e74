using System.Text;
using System.Text.Json;
using Tersor.Models;
using Tersor.Models.Safetensors;

namespace Tersor.Tests.Models.Safetensors;

public sealed class SafetensorsFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SafetensorsFormat _format = new();

    public void Dispose() => _folder.Dispose();

    private static Model Sample() => new(
        "test", "test",
        [
            new Tensor("a", new TensorShape(100), [.. Enumerable.Range(0, 100).Select(i => (float)i)]),
            new Tensor("b", new TensorShape(10), new float[10]),
            new Tensor("c", new TensorShape(100), [.. Enumerable.Range(0, 100).Select(i => -(float)i)]),
        ],
        new Dictionary<string, string> { ["format"] = "pt" });

    private string WriteIndex(string weightMap)
    {
        string path = _folder["m.safetensors.index.json"];
        File.WriteAllText(path, $$"""{"metadata":{"total_size":1},"weight_map":{{weightMap}}}""");
        return path;
    }

    [Fact]
    public void Write_OneFile_OpensAgainByContentAndName()
    {
        using Model model = Sample();
        _format.Write(model, _folder["m.safetensors"], ModelWriteOptions.Default);
        File.Copy(_folder["m.safetensors"], _folder["renamed"]);
        foreach (string name in (ReadOnlySpan<string>)["m.safetensors", "renamed"])
        {
            using Model back = ModelFormats.Open(_folder[name]);
            Assert.Equal(model.Tensors[2].ReadSingles(), back.Find("c")!.ReadSingles());
            Assert.Equal("pt", back.Metadata["format"]);
        }
    }

    [Fact]
    public void Write_ExistingFile_IsLeftAloneUnlessToldSo()
    {
        File.WriteAllText(_folder["m.safetensors"], "mine");
        using Model model = Sample();
        Assert.Throws<IOException>(() => _format.Write(model, _folder["m.safetensors"], ModelWriteOptions.Default));
        Assert.Equal("mine", File.ReadAllText(_folder["m.safetensors"]));
        _format.Write(model, _folder["m.safetensors"], new ModelWriteOptions { Overwrite = true });
        ModelFormats.Open(_folder["m.safetensors"]).Dispose();
    }

    [Fact]
    public void Write_ThatFails_LeavesNothing()
    {
        Tensor broken = new("x", ElementType.UInt8, new TensorShape(4), ByteSource.Deferred("x", 4, _ => throw new IOException("gone")));
        using Model model = new("test", "test", [.. Sample().Tensors, broken]);
        Assert.Throws<IOException>(() => _format.Write(model, _folder["m.safetensors"], ModelWriteOptions.Default));
        Assert.Throws<IOException>(() => _format.Write(model, _folder["m.safetensors"], new ModelWriteOptions { MaxShardBytes = 800 }));
        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public void Write_Cancelled_LeavesNothing()
    {
        using Model model = Sample();
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => _format.Write(model, _folder["m.safetensors"], ModelWriteOptions.Default, null, source.Token));
        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public void Write_Shards_KeepsTheLimitAndOpensByIndex()
    {
        using Model model = Sample();
        _format.Write(model, _folder["m.safetensors"], new ModelWriteOptions { MaxShardBytes = 700 });
        Assert.Equal(["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors", "m.safetensors.index.json"], _folder.FileNames);
        Assert.True(new FileInfo(_folder["m-00001-of-00002.safetensors"]).Length <= 700, "the limit includes the header");

        using JsonDocument index = JsonDocument.Parse(File.ReadAllText(_folder["m.safetensors.index.json"]));
        Assert.Equal(840, index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64());
        Assert.Equal("m-00002-of-00002.safetensors", index.RootElement.GetProperty("weight_map").GetProperty("c").GetString());

        using Model back = ModelFormats.Open(_folder["m.safetensors.index.json"]);
        Assert.Equal(["a", "b", "c"], back.Tensors.Select(tensor => tensor.Name));
        foreach (Tensor tensor in model.Tensors) Assert.Equal(tensor.ReadSingles(), back.Find(tensor.Name)!.ReadSingles());
        Assert.Equal("pt", back.Metadata["format"]);
    }

    [Fact]
    public void Write_ShardsThatWouldBeOne_IsOneFile()
    {
        using Model model = Sample();
        _format.Write(model, _folder["m.safetensors"], new ModelWriteOptions { MaxShardBytes = 1 << 20 });
        Assert.Equal(["m.safetensors"], _folder.FileNames);
    }

    [Fact]
    public void Write_ToAnIndexPath_MakesShards()
    {
        using Model model = Sample();
        _format.Write(model, _folder["m.safetensors.index.json"], ModelWriteOptions.Default);
        Assert.Equal(["m-00001-of-00001.safetensors", "m.safetensors.index.json"], _folder.FileNames);
        using Model back = _format.Open(_folder["m.safetensors.index.json"], ModelReadOptions.Default);
        Assert.Equal(3, back.Tensors.Count);
    }

    [Fact]
    public void Write_TensorLargerThanAShard_IsRefusedByName()
    {
        using Model model = Sample();
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => _format.Write(model, _folder["m.safetensors"], new ModelWriteOptions { MaxShardBytes = 400 }));
        Assert.Contains("'a'", error.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.FileNames);
    }

    [Theory]
    [InlineData("../m.safetensors")]
    [InlineData("sub/m.safetensors")]
    [InlineData("..\\\\m.safetensors")]
    [InlineData("C:m.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a\\u0000b")]
    public void Open_IndexThatPointsElsewhere_IsRefused(string shard)
    {
        string path = WriteIndex($$"""{"t":"{{shard}}"}""");
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => _format.Open(path, ModelReadOptions.Default));
        Assert.Contains("plain file names", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_IndexWithMissingShards_NamesThemAll()
    {
        string path = WriteIndex("""{"t":"one.safetensors","u":"two.safetensors"}""");
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => _format.Open(path, ModelReadOptions.Default));
        Assert.Contains("one.safetensors, two.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_IndexThatContradictsAShard_IsRefused()
    {
        File.WriteAllBytes(_folder["s.safetensors"], SafetensorsFile.Of($"{{{SafetensorsFile.Entry("t", "U8", "1", 0, 1)},{SafetensorsFile.Entry("extra", "U8", "1", 1, 2)}}}", 2));
        string path = WriteIndex("""{"t":"s.safetensors","missing":"s.safetensors"}""");
        Assert.Contains(
            "'extra'", Assert.Throws<ModelFormatException>(() => _format.Open(path, ModelReadOptions.Default)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "missing", Assert.Throws<ModelFormatException>(() => _format.Open(path, new ModelReadOptions { Lenient = true })).Message, StringComparison.Ordinal);

        path = WriteIndex("""{"t":"s.safetensors"}""");
        List<string> warnings = [];
        using Model model = _format.Open(path, new ModelReadOptions { Lenient = true, Warn = warnings.Add });
        Assert.Equal("t", Assert.Single(model.Tensors).Name);
        Assert.Single(warnings);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("""{"weight_map":[]}""")]
    [InlineData("""{"weight_map":{"t":1}}""")]
    [InlineData("""{"weight_map":{"\ud800":"s"}}""")]
    [InlineData("""{"weight_map":{},"weight_map":{}}""")]
    [InlineData("""{"weight_map":{"t":"s","t":"s"}}""")]
    [InlineData("""{"weight_map":{}""")]
    public void Open_MalformedIndex_Throws(string json)
    {
        string path = _folder["m.safetensors.index.json"];
        File.WriteAllText(path, json, new UTF8Encoding(false));
        Assert.Throws<ModelFormatException>(() => _format.Open(path, ModelReadOptions.Default));
    }

    [Fact]
    public void Open_MissingFile_IsAnIOException() =>
        Assert.ThrowsAny<IOException>(() => _format.Open(_folder["none.safetensors"], ModelReadOptions.Default));
}
