using Google.Protobuf;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests.Models.Onnx.Oracle;
using static Tersor.Tests.Models.Onnx.OnnxProtos;

namespace Tersor.Tests.Models.Onnx;

/// <summary>ONNX has no signature; its files are told by fields that make sense.</summary>
public class OnnxFormatTests
{
    private static readonly OnnxFormat Format = new();

    [Fact]
    public void Matches_Models_WhateverTheirFirstField()
    {
        ModelProto graphOnly = new() { Graph = Graph(Raw("w", ElementType.Float32, [300])) };
        ModelProto longNote = new() { IrVersion = 3, DocString = new string('d', 2000), Graph = Graph() };
        ModelProto opsetFirst = new() { OpsetImport = { new OperatorSetIdProto { Version = 9 } }, Graph = Graph() };
        foreach (byte[] model in (byte[][])[Model(Graph()).ToByteArray(), graphOnly.ToByteArray(), longNote.ToByteArray(), opsetFirst.ToByteArray()])
            Assert.True(Format.Matches(model.AsSpan(0, Math.Min(512, model.Length)), model.Length));
    }

    [Theory]
    [InlineData("PK\u0003\u0004 a zip archive")]
    [InlineData("{\"a\": 1}")]
    [InlineData("\u0008\u0001\u0000\u0000\u0000\u0000\u0000\u0000{\"w\":{}}")]
    [InlineData(":-) a text that starts like a graph")]
    [InlineData("\u0093NUMPY")]
    [InlineData("\u0008")]
    [InlineData("")]
    public void Matches_OtherFiles_No(string start)
    {
        byte[] bytes = [.. start.Select(c => (byte)c)];

        Assert.False(Format.Matches(bytes, bytes.Length));
    }

    [Fact]
    public void Matches_RandomBytes_HardlyEver()
    {
        int matches = 0;
        for (int i = 0; i < 10_000; i++) matches += Format.Matches(Bytes(512, (ulong)i), 512) ? 1 : 0;

        Assert.InRange(matches, 0, 10);
    }

    [Fact]
    public void Detect_ModelUnderAnotherName_IsOnnx()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["weights.dat"], Model(Graph(Raw("w", ElementType.Float32, [300]))).ToByteArray());

        Assert.Equal("onnx", ModelFormats.Detect(folder["weights.dat"]).Name);
    }
}
