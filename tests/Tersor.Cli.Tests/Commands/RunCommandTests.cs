using System.Text.Json;
using Tersor.Models;

namespace Tersor.Cli.Tests.Commands;

public sealed class RunCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_Archive_TakesInputsAndGivesOutputsByName()
    {
        string model = SmallNetworks.WriteTwoInputs(_folder["m.onnx"]);
        string input = SmallNetworks.WriteArrays(
            _folder["x.npz"],
            SmallNetworks.Integers("b", new TensorShape(3, 2), 1, -2, 3, 4, 5, long.MinValue),
            new Tensor("a", new TensorShape(3, 2), [1, 2, 3, 4, 5, -6]));

        TersorRun run = (await TersorRun.Of("run", model, "--input", input, "-o", _folder["y.npz"])).Succeeds();

        using Model outputs = ModelFormats.Open(_folder["y.npz"]);
        Assert.Equal(["minus_a", "same_b"], outputs.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([-1, -2, -3, -4, -5, 6], outputs.Find("minus_a")!.ReadSingles());
        Assert.Equal(new long[] { 1, -2, 3, 4, 5, long.MinValue }.SelectMany(BitConverter.GetBytes), outputs.Find("same_b")!.Data.ReadAll().ToArray());
        Assert.Equal($"{_folder["y.npz"]}: minus_a float32 3x2, same_b int64 3x2\n", run.Out);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Run_OneArrayAlone_GoesToTheOnlyInput()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);
        string input = SmallNetworks.WriteArrays(_folder["anything.npy"], new Tensor("anything", new TensorShape(2, 4), [1, 2, 3, 4, 5, 6, 7, 8]));

        (await TersorRun.Of("run", model, "--input", input, "-o", _folder["y.npy"])).Succeeds();

        using Model outputs = ModelFormats.Open(_folder["y.npy"]);
        Assert.Equal(new TensorShape(2, 3), outputs.Tensors[0].Shape);
        Assert.Equal([2, 4, 6, 10, 12, 14], outputs.Tensors[0].ReadSingles());
    }

    [Theory]
    [InlineData()]
    [InlineData("--batch", "2")]
    [InlineData("--batch", "1000")]
    public async Task Run_Batches_GiveTheSameRows(params string[] options)
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);
        float[] values = [.. Enumerable.Range(0, 20).Select(i => (float)i)];
        string input = SmallNetworks.WriteArrays(_folder["x.npz"], new Tensor("input", new TensorShape(5, 4), values));

        (await TersorRun.Of(["run", model, "--input", input, "-o", _folder["y.npz"], .. options])).Succeeds();

        using Model outputs = ModelFormats.Open(_folder["y.npz"]);
        Assert.Equal([.. values.Where((_, i) => i % 4 != 3).Select(value => 2 * value)], outputs.Tensors[0].ReadSingles());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Run_FixedBatch_TakesAnyNumberOfSamples(int samples)
    {
        string model = SmallNetworks.WriteChannelMeans(_folder["m.onnx"], 2, 1, 2, 2);
        float[] values = [.. Enumerable.Range(0, samples * 4).Select(i => (float)i)];
        string input = SmallNetworks.WriteArrays(_folder["x.npz"], new Tensor("input", new TensorShape(samples, 1, 2, 2), values));

        (await TersorRun.Of("run", model, "--input", input, "-o", _folder["y.npz"])).Succeeds();

        using Model outputs = ModelFormats.Open(_folder["y.npz"]);
        Assert.Equal(new TensorShape(samples, 1), outputs.Tensors[0].Shape);
        Assert.Equal([.. Enumerable.Range(0, samples).Select(i => (4 * i) + 1.5f)], outputs.Tensors[0].ReadSingles());
    }

    [Fact]
    public async Task Run_InputsThatDoNotFit_AreAllNamedWithBothSides()
    {
        string model = SmallNetworks.WriteTwoInputs(_folder["m.onnx"]);
        string input = SmallNetworks.WriteArrays(
            _folder["x.npz"], new Tensor("a", new TensorShape(1, 3), new float[3]), new Tensor("b", new TensorShape(1, 2), new float[2]));

        (await TersorRun.Of("run", model, "--input", input, "-o", _folder["y.npz"]))
            .FailsWith(2, $"error[data-mismatch]: {model}: input 'a float32 Nx2' is given as 1x3, input 'b int64 Nx2' is given as float32");
        Assert.False(File.Exists(_folder["y.npz"]));
    }

    [Fact]
    public async Task Run_MissingInput_IsNamedWithWhatIsThere()
    {
        string model = SmallNetworks.WriteTwoInputs(_folder["m.onnx"]);
        string input = SmallNetworks.WriteArrays(_folder["x.npz"], new Tensor("x", new TensorShape(1, 2), new float[2]));

        (await TersorRun.Of("run", model, "--input", input, "-o", _folder["y.npz"]))
            .FailsWith(2, $"error[data-mismatch]: {input} has no array for input 'a float32 Nx2', input 'b int64 Nx2' of {model}; it has x");
    }

    [Fact]
    public async Task Run_DoublePrecision_SaysHowToConvert()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);
        string input = SmallNetworks.WriteArrays(_folder["x.npz"], new Tensor("input", ElementType.Float64, new TensorShape(1, 4), ByteSource.FromMemory(new byte[32])));

        TersorRun run = await TersorRun.Of("run", model, "--input", input, "-o", _folder["y.npz"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("array 'input' is float64, input 'input float32 Nx4' of the model is not; convert it, as x.astype(\"float32\") does", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NoSamples_IsRefused()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);
        string input = SmallNetworks.WriteArrays(_folder["x.npz"], new Tensor("input", new TensorShape(0, 4), []));

        TersorRun run = await TersorRun.Of("run", model, "--input", input, "-o", _folder["y.npz"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("is given as 0x4, which has no elements", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ExistingOutput_IsLeftAloneWithoutForce()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);
        string input = SmallNetworks.WriteArrays(_folder["x.npz"], new Tensor("input", new TensorShape(1, 4), new float[4]));
        File.WriteAllText(_folder["y.npz"], "precious");

        (await TersorRun.Of("run", model, "--input", input, "-o", _folder["y.npz"]))
            .FailsWith(2, $"error[output-exists]: {_folder["y.npz"]} exists already. Pass --force to replace it.");
        Assert.Equal("precious", File.ReadAllText(_folder["y.npz"]));
        (await TersorRun.Of("run", model, "--input", input, "-o", _folder["z.npz"], "--dry-run")).Succeeds();
        Assert.False(File.Exists(_folder["z.npz"]));
        (await TersorRun.Of("run", model, "--input", input, "-o", _folder["y.npz"], "--force")).Succeeds();
    }

    [Fact]
    public async Task Run_CompressedModel_GivesWhatTheDecodedFileGives()
    {
        (await TersorRun.Of("compress", RepositoryFile.Lenet5, "-o", _folder["m.nnc"], "--quality", "30", "-q")).Succeeds();
        (await TersorRun.Of("decompress", _folder["m.nnc"], "-o", _folder["back.onnx"], "-q")).Succeeds();
        float[] pixels = [.. Enumerable.Range(0, 784).Select(i => i % 17 / 16f)];
        string input = SmallNetworks.WriteArrays(_folder["x.npz"], new Tensor("input", new TensorShape(1, 1, 28, 28), pixels));

        (await TersorRun.Of("run", _folder["m.nnc"], "--input", input, "-o", _folder["a.npz"])).Succeeds();
        (await TersorRun.Of("run", _folder["back.onnx"], "--input", input, "-o", _folder["b.npz"])).Succeeds();

        Assert.Equal(File.ReadAllBytes(_folder["b.npz"]), File.ReadAllBytes(_folder["a.npz"]));
    }

    [Fact]
    public async Task Run_Json_DescribesTheOutputs()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);
        string input = SmallNetworks.WriteArrays(_folder["x.npz"], new Tensor("input", new TensorShape(2, 4), new float[8]));

        JsonElement document = (await TersorRun.Of("run", model, "--input", input, "-o", _folder["y.npz"], "--json")).Succeeds().Json();

        JsonElement output = Assert.Single(document.GetProperty("tensors").EnumerateArray());
        Assert.Equal("logits", output.GetProperty("name").GetString());
        Assert.Equal([2, 3], output.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32()));
        Assert.Equal(2, document.GetProperty("inputs").GetArrayLength());
        Assert.Equal(_folder["y.npz"], document.GetProperty("outputs")[0].GetProperty("path").GetString());
    }
}
