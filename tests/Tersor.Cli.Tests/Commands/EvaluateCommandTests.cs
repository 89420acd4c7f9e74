using System.Text.Json;
using Tersor.Models;

namespace Tersor.Cli.Tests.Commands;

public sealed class EvaluateCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Highest outputs 0, 1, 1, 2 of classes 0, 1, 2, 2: three of four are right.
    private string FourSamples => SmallNetworks.WriteArrays(
        _folder["data.npz"],
        new Tensor("x", new TensorShape(4, 4), [1, 0, 0, 9, 0, 1, 0, 9, 0, 1, 0, 9, 0, 0, 1, 9]),
        SmallNetworks.Integers("y", new TensorShape(4), 0, 1, 2, 2));

    [Fact]
    public async Task Evaluate_Json_HoldsTheKnownFigures()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);

        JsonElement document = (await TersorRun.Of("evaluate", model, "--data", $"npz:{FourSamples}", "--json")).Succeeds().Json();

        // Outputs are 2 at one place and 0 at two: the right one costs log(e^2 + 2) - 2, a wrong one log(e^2 + 2).
        double right = Math.Log(Math.Exp(2) + 2) - 2;
        JsonElement figures = Assert.Single(document.GetProperty("models").EnumerateArray());
        Assert.Equal(0.75, figures.GetProperty("top1").GetDouble());
        Assert.Equal(1, figures.GetProperty("top5").GetDouble());
        Assert.Equal(right + 0.5, figures.GetProperty("loss").GetDouble(), 1e-6);
        Assert.Equal(4, figures.GetProperty("samples").GetInt32());
        Assert.True(figures.GetProperty("timing").GetProperty("imagesPerSecond").GetDouble() > 0);
        foreach (string field in new[] { "top1", "top5", "loss", "samples" })
            Assert.Equal(figures.GetProperty(field).GetDouble(), document.GetProperty(field).GetDouble());
    }

    [Fact]
    public async Task Evaluate_SeveralModels_SaysHowFarTheyAreFromTheFirst()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);
        string negative = SmallNetworks.WriteDoubling(_folder["n.onnx"], factor: -1);

        TersorRun run = (await TersorRun.Of("evaluate", model, negative, "--data", $"npz:{FourSamples}")).Succeeds();

        string[] lines = run.Out.Split('\n');
        Assert.Equal("data.npz: 4 samples of 4", lines[0]);
        Assert.Matches(@"^ model +bytes +top-1 +top-5 +loss +top-1 points +loss change +same class +samples/s$", lines[1]);
        Assert.Matches(@"m\.onnx +[\d,]+ +75\.00 % +100\.00 % +0\.7395 +[\d,]+$", lines[3]);
        Assert.Matches(@"n\.onnx +[\d,]+ +0\.00 % +100\.00 % +1\.\d{4} +-75\.00 +\+\d\.\d{4} +0\.00 % +[\d,]+$", lines[4]);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Evaluate_Targets_ReportsErrorsOfRegression()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);
        string data = SmallNetworks.WriteArrays(
            _folder["data.npz"],
            new Tensor("x", new TensorShape(2, 4), [1, 2, 3, 0, 0, 0, 0, 0]),
            new Tensor("y", new TensorShape(2, 3), [2, 4, 5, 0, 3, 0]));

        JsonElement document = (await TersorRun.Of("evaluate", model, "--data", $"npz:{data}", "--json")).Succeeds().Json();

        Assert.Equal(10 / 6.0, document.GetProperty("mse").GetDouble(), 1e-12);
        Assert.Equal(4 / 6.0, document.GetProperty("mae").GetDouble(), 1e-12);
        Assert.False(document.TryGetProperty("top1", out _));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("csr")]
    [InlineData("cer")]
    [InlineData("cser")]
    [InlineData("codes")]
    public async Task Evaluate_Representation_AnswersAsDenseFromLessMemory(string form)
    {
        (await TersorRun.Of("compress", RepositoryFile.Lenet5, "-o", _folder["m.nnc"], "--quality", "15", "-q")).Succeeds();

        JsonElement dense = (await TersorRun.Of("evaluate", _folder["m.nnc"], "--data", "digits:1,50", "--json")).Succeeds().Json();
        JsonElement held = (await TersorRun.Of("evaluate", _folder["m.nnc"], "--data", "digits:1,50", "--representation", form, "--json")).Succeeds().Json();
        TersorRun table = (await TersorRun.Of("evaluate", _folder["m.nnc"], "--data", "digits:1,50", "--representation", form)).Succeeds();

        Assert.Equal(dense.GetProperty("top1").GetDouble(), held.GetProperty("top1").GetDouble());
        Assert.Equal(dense.GetProperty("loss").GetDouble(), held.GetProperty("loss").GetDouble(), 1e-4);
        Assert.Equal(1_725_000, dense.GetProperty("residentBytes").GetDouble(), 5_000.0);
        Assert.InRange(held.GetProperty("residentBytes").GetInt64(), 1000, dense.GetProperty("residentBytes").GetInt64() / 2);
        Assert.Equal(held.GetProperty("residentBytes").GetInt64(), held.GetProperty("models")[0].GetProperty("residentBytes").GetInt64());
        Assert.Contains("in memory", table.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_FormThatCannotHoldTheWeights_LeavesThemDense()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);
        JsonElement dense = (await TersorRun.Of("evaluate", RepositoryFile.Lenet5, "--data", "digits:1,20", "--json")).Succeeds().Json();
        JsonElement held = (await TersorRun.Of("evaluate", RepositoryFile.Lenet5, "--data", "digits:1,20", "--representation", "binary", "--json")).Succeeds().Json();

        Assert.Equal(dense.GetProperty("residentBytes").GetInt64(), held.GetProperty("residentBytes").GetInt64());
        TersorRun refused = (await TersorRun.Of("evaluate", model, "--data", $"npz:{FourSamples}", "--representation", "sparse"));
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--representation", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_CompressedModel_GivesWhatTheDecodedFileGives()
    {
        (await TersorRun.Of("compress", RepositoryFile.Lenet5, "-o", _folder["m.nnc"], "--quality", "30", "-q")).Succeeds();
        (await TersorRun.Of("decompress", _folder["m.nnc"], "-o", _folder["back.onnx"], "-q")).Succeeds();

        JsonElement document = (await TersorRun.Of("evaluate", _folder["m.nnc"], _folder["back.onnx"], "--data", "digits:1,50", "--json")).Succeeds().Json();

        JsonElement change = document.GetProperty("models")[1].GetProperty("change");
        Assert.Equal(1, change.GetProperty("sameClass").GetDouble());
        Assert.Equal(0, change.GetProperty("loss").GetDouble());
        Assert.Equal(["back.onnx", "m.nnc"], _folder.FileNames.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Evaluate_Results_DependNeitherOnThreadsNorOnTheBatch()
    {
        string[] command = ["evaluate", RepositoryFile.Lenet5, "--data", "digits:1,40", "--json"];

        JsonElement one = (await TersorRun.Of([.. command, "--threads", "1"])).Succeeds().Json();
        JsonElement three = (await TersorRun.Of([.. command, "--threads", "3"])).Succeeds().Json();
        JsonElement batch = (await TersorRun.Of([.. command, "--batch", "7"])).Succeeds().Json();

        Assert.Equal(one.GetProperty("loss").GetDouble(), three.GetProperty("loss").GetDouble());
        Assert.Equal(one.GetProperty("loss").GetDouble(), batch.GetProperty("loss").GetDouble(), 1e-6);
    }

    [Fact]
    public async Task Evaluate_Splits_AreDisjointPartsOfTheData()
    {
        Assert.Equal(20, await Samples());
        Assert.Equal(3, await Samples("--limit", "3"));
        Assert.Equal(10, await Samples("--validation", "0.2", "--split", "validation"));
        Assert.Equal(40, await Samples("--validation", "0.2", "--split", "train"));

        static async Task<int> Samples(params string[] more) =>
            (await TersorRun.Of(["evaluate", RepositoryFile.Lenet5, "--data", "digits:50,20", "--json", .. more])).Succeeds().Json().GetProperty("samples").GetInt32();
    }

    [Fact]
    public async Task Evaluate_ValidationOfTheTestSet_IsRefused()
    {
        TersorRun run = await TersorRun.Of("evaluate", RepositoryFile.Lenet5, "--data", "digits:50,20", "--validation", "0.2");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--validation divides the train set, not the test set", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_Preprocessing_IsToldOnceAndTravelsAlong()
    {
        // One white pixel per channel; targets are the channels' inputs as the flags make them.
        string plain = SmallNetworks.WriteChannelMeans(_folder["plain.onnx"], 0, 3, 1, 1);
        string data = SmallNetworks.WriteArrays(
            _folder["data.npz"], SmallNetworks.Bytes("x", new TensorShape(1, 3, 1, 1), 10, 20, 40), new Tensor("y", new TensorShape(1, 3), [19.5f, 4.5f, 0]));
        string[] flags = ["--scale", "1/2", "--mean", "0.5,1,5", "--std", "1,2,-3", "--channels", "bgr"];

        (await TersorRun.Of(["convert", plain, "-o", _folder["told.onnx"], .. flags])).Succeeds();
        (await TersorRun.Of("compress", _folder["told.onnx"], "-o", _folder["told.nnc"])).Succeeds();
        (await TersorRun.Of("decompress", _folder["told.nnc"], "-o", _folder["back.onnx"])).Succeeds();

        async Task<double> Error(string model, params string[] more) =>
            (await TersorRun.Of(["evaluate", _folder[model], "--data", $"npz:{data}", "--json", .. more])).Succeeds().Json().GetProperty("mse").GetDouble();
        Assert.Equal(0, await Error("plain.onnx", flags));
        Assert.Equal(0, await Error("told.onnx"));
        Assert.Equal(0, await Error("told.nnc"));
        Assert.Equal(0, await Error("back.onnx"));
        Assert.NotEqual(0, await Error("plain.onnx"));
        Assert.NotEqual(0, await Error("told.nnc", "--channels", "rgb"));
    }

    [Fact]
    public async Task Evaluate_ShapeMismatch_ShowsBothShapes()
    {
        string data = SmallNetworks.WriteArrays(
            _folder["data.npz"], new Tensor("x", new TensorShape(2, 5), new float[10]), SmallNetworks.Integers("y", new TensorShape(2), 0, 1));
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);

        (await TersorRun.Of("evaluate", model, "--data", $"npz:{data}"))
            .FailsWith(2, $"error[data-mismatch]: {model} takes 'input float32 Nx4', the data has samples of 5");
    }

    [Fact]
    public async Task Evaluate_ChannelsLastModel_IsNotFedChannelsFirst()
    {
        string model = SmallNetworks.WriteChannelMeans(_folder["m.onnx"], 0, 4, 4, 3);
        string data = SmallNetworks.WriteArrays(
            _folder["data.npz"], SmallNetworks.Bytes("x", new TensorShape(1, 3, 4, 4), new byte[48]), SmallNetworks.Integers("y", new TensorShape(1), 1));

        TersorRun run = await TersorRun.Of("evaluate", model, "--data", $"npz:{data}");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("samples of 3x4x4; it seems to take the channels last, as the layout nhwc does", run.Error, StringComparison.Ordinal);
        (await TersorRun.Of("evaluate", model, "--data", $"npz:{data}", "--layout", "nhwc")).Succeeds();
    }

    [Fact]
    public async Task Evaluate_MoreClassesThanOutputs_IsRefused()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);
        string data = SmallNetworks.WriteArrays(
            _folder["data.npz"], new Tensor("x", new TensorShape(1, 4), new float[4]), SmallNetworks.Integers("y", new TensorShape(1), 3));

        (await TersorRun.Of("evaluate", model, "--data", $"npz:{data}")).FailsWith(2, $"error[data-mismatch]: data.npz has 4 classes, {model} has 3 outputs");
    }

    [Theory]
    [InlineData("--mean", "1,2", "2 means for samples of 3 channels")]
    [InlineData("--std", "0", "--std takes numbers other than 0")]
    [InlineData("--scale", "1/0", "--scale takes a number such as 1/255")]
    [InlineData("--mean", "x", "--mean takes numbers such as")]
    [InlineData("--channels", "grb", "--channels takes one of rgb, bgr, not 'grb'")]
    public async Task Evaluate_WrongPreprocessing_IsExplained(string option, string value, string expected)
    {
        string model = SmallNetworks.WriteChannelMeans(_folder["m.onnx"], 0, 3, 1, 1);
        string data = SmallNetworks.WriteArrays(
            _folder["data.npz"], SmallNetworks.Bytes("x", new TensorShape(1, 3, 1, 1), 1, 2, 3), SmallNetworks.Integers("y", new TensorShape(1), 1));

        TersorRun run = await TersorRun.Of("evaluate", model, "--data", $"npz:{data}", option, value);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mnist:nowhere", 2, "input-missing", "neither t10k-images-idx3-ubyte nor t10k-images-idx3-ubyte.gz is there")]
    [InlineData("cifar10:nowhere", 2, "input-missing", "test_batch.bin")]
    [InlineData("npz:nowhere.npz", 2, "input-missing", "nowhere.npz")]
    [InlineData("minst:data", 2, "usage", "'minst:data' is none of mnist:DIR")]
    [InlineData("digits:3", 2, "usage", "digits:TRAIN,TEST")]
    [InlineData("digits:5,0", 2, "data-mismatch", "has no samples")]
    public async Task Evaluate_DataThatIsNotThere_IsNamed(string data, int exitCode, string code, string expected)
    {
        TersorRun run = await TersorRun.Of("evaluate", RepositoryFile.Lenet5, "--data", data);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.StartsWith($"error[{code}]: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Out);
    }

    [Fact]
    public async Task Evaluate_TruncatedData_ExitsThree()
    {
        File.WriteAllBytes(_folder["test_batch.bin"], new byte[3000]);

        TersorRun run = await TersorRun.Of("evaluate", RepositoryFile.Lenet5, "--data", $"cifar10:{Path.GetDirectoryName(_folder["x"])}");

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("3000 bytes are not a number of records of 3073", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_NegativeLabel_ExitsThree()
    {
        string data = SmallNetworks.WriteArrays(
            _folder["data.npz"], new Tensor("x", new TensorShape(1, 4), new float[4]), SmallNetworks.Integers("y", new TensorShape(1), -1));

        TersorRun run = await TersorRun.Of("evaluate", SmallNetworks.WriteDoubling(_folder["m.onnx"]), "--data", $"npz:{data}");

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("a label of -1", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_OutputsThatAreNoNumbers_AreWrongAndSaidSo()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"], factor: float.NaN);

        TersorRun run = (await TersorRun.Of("evaluate", model, "--data", $"npz:{FourSamples}", "--json")).Succeeds();

        Assert.Equal(0, run.Json().GetProperty("top1").GetDouble());
        Assert.Equal("NaN", run.Json().GetProperty("loss").GetString());
        Assert.Equal($"warning: {model}: some outputs are not finite numbers, and so is the loss\n", run.Error);
    }

    [Fact]
    public async Task Evaluate_UnsupportedOperators_AreAllNamedAtOnce()
    {
        TersorRun run = await TersorRun.Of("evaluate", SmallNetworks.WriteUnsupported(_folder["m.onnx"]), "--data", $"npz:{FourSamples}");

        Assert.Equal(4, run.ExitCode);
        Assert.Contains("Frobnicate", run.Error, StringComparison.Ordinal);
        Assert.Contains("Quux", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_MemoryLimit_RefusesBeforeTheRunWithANumber()
    {
        TersorRun run = await TersorRun.Of("evaluate", RepositoryFile.Lenet5, "--data", "digits:1,2000", "--batch", "2000", "--memory-limit", "40MiB");

        Assert.Equal(6, run.ExitCode);
        Assert.Matches(@"error\[resource-limit\]: .* a run takes [\d,.]+ MB for intermediate results, [\d,.]+ MB are left for them; use a smaller batch", run.Error);
    }

    [Fact]
    public async Task Evaluate_WeightsOnly_NeedTheNetworkOfAnother()
    {
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);
        string other = SmallNetworks.WriteDoubling(_folder["other.onnx"], factor: -5);
        string[] weights = [_folder["w.safetensors"], _folder["w.npz"], _folder["w.nnc"]];
        (await TersorRun.Of("convert", model, "-o", weights[0], "-q")).Succeeds();
        (await TersorRun.Of("convert", model, "-o", weights[1], "-q")).Succeeds();
        (await TersorRun.Of("compress", model, "-o", weights[2], "--lossless", "--topology", "none", "-q")).Succeeds();

        foreach (string path in weights)
        {
            (await TersorRun.Of("evaluate", path, "--data", $"npz:{FourSamples}")).FailsWith(
                4, $"error[no-graph]: {path}: the file carries weights only, no network to run. Name the model that they belong to with --graph MODEL.onnx.");
        }

        TersorRun run = (await TersorRun.Of(["evaluate", model, .. weights, "--graph", other, "--data", $"npz:{FourSamples}", "--json"])).Succeeds();

        Assert.All(run.Json().GetProperty("models").EnumerateArray().Skip(1), result => Assert.Equal(0, result.GetProperty("change").GetProperty("loss").GetDouble()));
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Evaluate_GraphOfAnotherModel_NamesEveryTensorThatDoesNotFit()
    {
        string weights = SmallModels.WriteNamed(_folder["w.safetensors"], "fc.weight", "more");
        string strangers = SmallModels.WriteNamed(_folder["s.safetensors"], "a", "b");
        string model = SmallNetworks.WriteDoubling(_folder["m.onnx"]);

        (await TersorRun.Of("evaluate", weights, "--graph", model, "--data", "digits")).FailsWith(
            2, $"error[graph-mismatch]: {weights} and --graph {model}: tensor 'fc.weight' is 2, the network takes 3x4");
        (await TersorRun.Of("evaluate", strangers, "--graph", model, "--data", "digits")).FailsWith(
            2, $"error[graph-mismatch]: {strangers} and --graph {model}: no tensor has a name of the network's; the file has 'a', 'b', the network 'fc.weight'");
        Assert.Contains(
            "--graph is for files that carry weights only", (await TersorRun.Of("evaluate", model, "--graph", model, "--data", "digits")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_Cancelled_ExitsHundredAndThirty()
    {
        using CancellationTokenSource source = new();
        await source.CancelAsync();

        TersorRun run = await TersorRun.Of(new TerminalSettings { Cancellation = source.Token }, "evaluate", RepositoryFile.Lenet5, "--data", "digits:1,5");

        Assert.Equal(130, run.ExitCode);
    }

    [SkippableTheory]
    [InlineData("lenet-300-100", "mnist:data/mnist", 10_000)]
    [InlineData("lenet5", "mnist:data/mnist", 10_000)]
    public async Task Evaluate_CollectedModel_HasTheAccuracyOfItsCard(string name, string data, int samples)
    {
        string[] parts = data.Split(':');
        string model = SharedAssets.Require($"models/{name}.onnx");

        JsonElement document = (await TersorRun.Of("evaluate", model, "--data", $"{parts[0]}:{SharedAssets.Require(parts[1])}", "--json")).Succeeds().Json();

        using JsonDocument cards = JsonDocument.Parse(File.ReadAllBytes(SharedAssets.Require("models/cards.json")));
        double card = cards.RootElement.GetProperty("models").EnumerateArray()
            .Single(entry => entry.GetProperty("name").GetString() == name).GetProperty("accuracy")[0].GetProperty("top1").GetDouble();
        Assert.Equal(samples, document.GetProperty("samples").GetInt32());
        Assert.Equal(card, document.GetProperty("top1").GetDouble(), 2.01e-4);
    }
}
