using System.Diagnostics;
using Google.Protobuf;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests.Models.Onnx.Oracle;
using static Tersor.Tests.Models.Onnx.OnnxProtos;

namespace Tersor.Tests.Models.Onnx;

/// <summary>External data cannot leave the model's folder, neither when read nor when written.</summary>
public sealed class OnnxExternalDataTests : IDisposable
{
    private static readonly OnnxFormat Format = new();
    private readonly TemporaryFolder _outer = new();
    private readonly string _folder;
    private readonly string _model;

    public OnnxExternalDataTests()
    {
        _folder = _outer["models"];
        _model = Path.Combine(_folder, "m.onnx");
        Directory.CreateDirectory(_folder);
        File.WriteAllBytes(_outer["secret.bin"], Bytes(8));
    }

    [Theory]
    [InlineData("../secret.bin")]
    [InlineData("sub/../../secret.bin")]
    [InlineData("..\\secret.bin")]
    [InlineData("/etc/passwd")]
    [InlineData("\\\\server\\share\\secret.bin")]
    [InlineData("C:\\secret.bin")]
    [InlineData("c:/secret.bin")]
    [InlineData("secret.bin\0.txt")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("sub/")]
    public void ExternalData_PathThatLeadsOut_IsRefusedOnReadAndOnWrite(string location) => AssertRefused(location);

    [Theory]
    [InlineData("w.bin")]
    [InlineData("sub/w.bin")]
    [InlineData("./w.bin")]
    [InlineData("onnx::MatMul_12")]
    [InlineData("w..bin")]
    public void ExternalData_PathWithin_IsReadAndWritten(string location)
    {
        string path = Path.Combine(_folder, location);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, Singles(1, 2));
        using OnnxModel model = OpenWith(External("w", [2], location));

        Assert.Equal([1, 2], model.Find("w")!.ReadSingles());
        Format.Write(model, Path.Combine(_outer["copy"], "m.onnx"), ModelWriteOptions.Default);
        Assert.Equal(Singles(1, 2), File.ReadAllBytes(Path.Combine(_outer["copy"], location)));
    }

    [Fact]
    public void ExternalData_LinkToAFileOutside_IsRefusedOnReadAndOnWrite()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "w.bin"), _outer["secret.bin"]);
        AssertRefused("w.bin");
        Assert.Equal(Bytes(8), File.ReadAllBytes(_outer["secret.bin"]));
    }

    [Fact]
    public void ExternalData_LinkToALinkToAFileOutside_IsRefusedOnReadAndOnWrite()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "inner.bin"), "../secret.bin");
        File.CreateSymbolicLink(Path.Combine(_folder, "w.bin"), "inner.bin");
        AssertRefused("w.bin");
    }

    [Fact]
    public void ExternalData_FolderThatIsALinkOut_IsRefusedOnReadAndOnWrite()
    {
        Directory.CreateSymbolicLink(Path.Combine(_folder, "sub"), "..");
        AssertRefused("sub/secret.bin");
    }

    [Fact]
    public void ExternalData_LinkThatLeadsRound_IsRefusedOnReadAndOnWrite()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "a.bin"), "b.bin");
        File.CreateSymbolicLink(Path.Combine(_folder, "b.bin"), "a.bin");
        AssertRefused("a.bin");
    }

    [Fact]
    public void ExternalData_LinkWithinTheFolder_IsRead()
    {
        File.WriteAllBytes(Path.Combine(_folder, "real.bin"), Singles(1, 2));
        File.CreateSymbolicLink(Path.Combine(_folder, "w.bin"), "real.bin");

        using OnnxModel model = OpenWith(External("w", [2], "w.bin"));

        Assert.Equal([1, 2], model.Find("w")!.ReadSingles());
    }

    [Fact]
    public void ExternalData_ModelOpenedThroughALinkedFolder_IsRead()
    {
        File.WriteAllBytes(Path.Combine(_folder, "w.bin"), Singles(1, 2));
        File.WriteAllBytes(_model, Model(External("w", [2], "w.bin")).ToByteArray());
        Directory.CreateSymbolicLink(_outer["alias"], _folder);

        using OnnxModel model = OnnxModel.Open(Path.Combine(_outer["alias"], "m.onnx"));

        Assert.Equal([1, 2], model.Find("w")!.ReadSingles());
    }

    [SkippableFact]
    public void ExternalData_HardLink_IsRefusedOnReadAndOnWriteUnlessLenient()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "makes the hard link with ln");
        using (Process link = Process.Start("ln", [_outer["secret.bin"], Path.Combine(_folder, "w.bin")])) link.WaitForExit();
        AssertRefused("w.bin");
        List<string> warnings = [];

        using OnnxModel model = OnnxModel.Open(_model, new ModelReadOptions { Lenient = true, Warn = warnings.Add });

        Assert.Equal(Bytes(8), DataOf(model, "w"));
        Assert.Contains("hard links", warnings[0], StringComparison.Ordinal);
    }

    [Fact]
    public void ExternalData_FileExchangedForALinkAfterOpening_IsRefusedWhenRead()
    {
        string path = Path.Combine(_folder, "w.bin");
        File.WriteAllBytes(path, Singles(1, 2));
        using OnnxModel model = OpenWith(External("w", [2], "w.bin"));
        File.Delete(path);
        File.CreateSymbolicLink(path, _outer["secret.bin"]);

        Assert.Throws<ModelFormatException>(() => model.Find("w")!.Data.ReadAll());
    }

    [Fact]
    public void ExternalData_MissingFile_IsNamed()
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => OpenWith(External("w", [2], "gone.bin")));

        Assert.Equal("tensor 'w'", error.Item);
        Assert.InRange(error.Offset, 1, new FileInfo(_model).Length);
        Assert.Contains("'gone.bin', which is missing", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("offset", "1")]
    [InlineData("offset", "8")]
    [InlineData("offset", "9223372036854775807")]
    [InlineData("offset", "9223372036854775808")]
    [InlineData("offset", "-1")]
    [InlineData("offset", " 0")]
    [InlineData("offset", "0x0")]
    [InlineData("offset", "1e3")]
    [InlineData("offset", "")]
    [InlineData("length", "7")]
    [InlineData("length", "9")]
    [InlineData("length", "-8")]
    [InlineData("length", "8.0")]
    public void ExternalData_PlaceOutsideTheFileOrNotANumber_IsRefused(string key, string value)
    {
        File.WriteAllBytes(Path.Combine(_folder, "w.bin"), Singles(1, 2));

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => OpenWith(External("w", [2], "w.bin", (key, value))));

        Assert.Equal("tensor 'w'", error.Item);
    }

    [Fact]
    public void ExternalData_WithoutLocation_IsRefused()
    {
        TensorProto tensor = External("w", [2], "");
        Assert.Throws<ModelFormatException>(() => OpenWith(tensor));
        tensor.ExternalData.Clear();
        Assert.Throws<ModelFormatException>(() => OpenWith(tensor));
    }

    [Fact]
    public void ExternalData_BesideDataInside_IsRefused()
    {
        File.WriteAllBytes(Path.Combine(_folder, "w.bin"), Singles(1, 2));
        TensorProto tensor = External("w", [2], "w.bin");
        tensor.RawData = ByteString.CopyFrom(Singles(1, 2));

        Assert.Throws<ModelFormatException>(() => OpenWith(tensor));
    }

    [Fact]
    public void ExternalData_OfTextAndUnknownTypes_IsUnsupportedAndAllAreNamed()
    {
        TensorProto text = External("text", [2], "w.bin");
        text.DataType = (int)ElementType.String;
        TensorProto later = External("later", [2], "w.bin");
        later.DataType = 99;

        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => OpenWith(text, later));

        Assert.Equal(2, error.Items.Count);
        Assert.Contains("'text'", error.Items[0], StringComparison.Ordinal);
        Assert.Contains("'later'", error.Items[1], StringComparison.Ordinal);
    }

    [Fact]
    public void ExternalData_OfAModelWithoutAFolder_IsUnsupported() =>
        Assert.Throws<UnsupportedModelException>(() => Open(Model(External("w", [2], "w.bin"))));

    [Fact]
    public void ExternalData_FileThatBecameShorter_IsReportedWhenRead()
    {
        string path = Path.Combine(_folder, "w.bin");
        File.WriteAllBytes(path, Singles(1, 2));
        using OnnxModel model = OpenWith(External("w", [2], "w.bin"));
        File.WriteAllBytes(path, Singles(1));

        Assert.Throws<ModelFormatException>(() => model.Find("w")!.Data.ReadAll());
    }

    [Fact]
    public void Write_DataFileThatIsTheModelItself_IsRefused()
    {
        byte[] topology = Model(External("w", [2], "./m.onnx")).ToByteArray();
        using OnnxModel model = OnnxModel.FromTopology(topology, name => new Tensor(name, new TensorShape(2), [1, 2]), "t");

        Assert.Throws<ModelFormatException>(() => Format.Write(model, _model, new ModelWriteOptions { Overwrite = true }));

        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Write_DataFileThatTheModelIsReadFrom_IsLeftAsItIsOrRefused()
    {
        // The last bytes are another model's.
        string data = Path.Combine(_folder, "m.onnx.data");
        File.WriteAllBytes(data, Bytes(2048));
        using OnnxModel model = OpenWith(External("w", [256], "m.onnx.data"));
        byte[] before = File.ReadAllBytes(_model);

        Format.Write(model, _model, new ModelWriteOptions { Overwrite = true });
        IOException error = Assert.Throws<IOException>(() => Format.Write(model, _model, new ModelWriteOptions { Overwrite = true, ExternalData = ExternalDataLayout.OneFile }));

        Assert.Contains("m.onnx has its weights there", error.Message, StringComparison.Ordinal);
        Assert.Equal(Bytes(2048), File.ReadAllBytes(data));
        Assert.Equal(before, File.ReadAllBytes(_model));
    }

    [Fact]
    public void Write_RandomDamageToTheTopology_IsWrittenWithinTheFolderOrRefused()
    {
        byte[] valid = Model(External("a", [2], "sub/w.bin", ("offset", "8"), ("length", "8")), External("b", [2], "w.bin")).ToByteArray();
        int written = 0;
        foreach (byte[] damaged in Mutations.Random(valid, seed: 23, count: 600))
        {
            try
            {
                using OnnxModel model = OnnxModel.FromTopology(damaged, name => new Tensor(name, new TensorShape(2), [1, 2]), "t");
                Format.Write(model, _model, new ModelWriteOptions { Overwrite = true });
                using OnnxModel read = OnnxModel.Open(_model);
                foreach (Tensor tensor in model.Tensors) Assert.Equal(tensor.Data.ReadAll().ToArray(), DataOf(read, tensor.Name));
                written++;
            }
            catch (Exception error) when (error is ModelFormatException or UnsupportedModelException or ResourceLimitException or IOException)
            {
                Assert.NotEmpty(error.Message);
            }
        }

        Assert.InRange(written, 10, 600);
        Assert.Equal(["secret.bin"], _outer.FileNames);
        Assert.DoesNotContain(Directory.GetFiles(_folder, "*", SearchOption.AllDirectories), file => file.EndsWith(".tmp", StringComparison.Ordinal));
    }

    public void Dispose() => _outer.Dispose();

    private OnnxModel OpenWith(params TensorProto[] tensors)
    {
        File.WriteAllBytes(_model, Model(tensors).ToByteArray());
        return OnnxModel.Open(_model);
    }

    private void AssertRefused(string location)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => OpenWith(External("w", [2], location)));
        Assert.Equal("tensor 'w'", error.Item);
        Assert.InRange(error.Offset, 1, new FileInfo(_model).Length);

        byte[] topology = Model(External("w", [2], location)).ToByteArray();
        using OnnxModel model = OnnxModel.FromTopology(topology, name => new Tensor(name, new TensorShape(2), [1, 2]), "t");
        string[] before = Directory.GetFileSystemEntries(_folder);
        Assert.Throws<ModelFormatException>(() => Format.Write(model, _model, new ModelWriteOptions { Overwrite = true }));
        Assert.Equal(before, Directory.GetFileSystemEntries(_folder));
        Assert.Equal(["secret.bin"], _outer.FileNames);
    }
}
