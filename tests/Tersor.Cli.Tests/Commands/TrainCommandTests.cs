using System.Text.Json;
using Tersor.Models;
using Tersor.Models.Npz;

namespace Tersor.Cli.Tests.Commands;

public sealed class TrainCommandTests : IDisposable
{
    private static readonly string[] FewDigits = ["--data", "digits:600,200", "--seed", "3"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Train_LearnsAndReportsEpochsOnLinesBeforeTheDocument()
    {
        TersorRun run = (await Train("lenet-300-100", "--epochs", "8", "--json", "--average", "0.9", "--batch", "32")).Succeeds();

        JsonElement[] lines = [.. run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
        Assert.Equal(9, lines.Length);
        Assert.All(lines[..8], line => Assert.Equal("tersor.train.epoch", line.GetProperty("schema").GetString()));
        Assert.Equal(Enumerable.Range(1, 8), lines[..8].Select(line => line.GetProperty("epoch").GetInt32()));
        JsonElement report = lines[8];
        Assert.Equal("tersor.train", report.GetProperty("schema").GetString());
        Assert.Equal(8, report.GetProperty("epochs").GetArrayLength());
        Assert.True(lines[7].GetProperty("trainLoss").GetDouble() < lines[0].GetProperty("trainLoss").GetDouble() / 2);
        Assert.True(report.GetProperty("test").GetProperty("top1").GetDouble() > 0.6);
        Assert.Equal(200, report.GetProperty("test").GetProperty("samples").GetInt32());
        Assert.Equal((540, 60), (report.GetProperty("totals").GetProperty("trainSamples").GetInt32(), report.GetProperty("totals").GetProperty("validationSamples").GetInt32()));
        Assert.Equal(266_610, report.GetProperty("totals").GetProperty("parameters").GetInt32());
        Assert.Equal(0.9, report.GetProperty("settings").GetProperty("average").GetDouble());
        Assert.Equal(_folder["out.onnx"], Assert.Single(report.GetProperty("outputs").EnumerateArray()).GetProperty("path").GetString());
    }

    [Fact]
    public async Task Train_Text_DrawsTheCurvesAndEndsWithTheTestAccuracy()
    {
        TersorRun run = (await Train("lenet-300-100", "--epochs", "2")).Succeeds();

        Assert.Contains("\nloss   · train   ● validation\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("\naccuracy   ● validation\n", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"\n test +200 +\d\.\d+ +\d+\.\d\d % +\d+\.\d\d %\n", run.Out);
        Assert.Matches(@"epoch 1/2: loss \d\.\d{4}, validation loss \d\.\d{4}, accuracy \d+\.\d\d %, rate 0\.\d+, [\d,]+ samples/s, \d+:\d\d, \d+:\d\d left\n", run.Error);
        Assert.Equal(["out.onnx"], _folder.FileNames);
    }

    [Fact]
    public async Task Train_WithoutValidation_ReportsNone()
    {
        TersorRun run = (await Train("lenet-300-100", "--epochs", "1", "--validation", "0")).Succeeds();

        Assert.DoesNotContain("validation ", run.Out, StringComparison.Ordinal);
        Assert.Contains("epoch 1/1: loss", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_WritesPreprocessingThatItsFileRemembers()
    {
        (await Train("lenet-300-100", "--epochs", "1", "--mean", "0.25", "--std", "0.5")).Succeeds();

        using Model written = ModelFormats.Open(_folder["out.onnx"]);
        Assert.Equal("0.25", written.Metadata["tersor.input.mean"]);
        Assert.Equal("0.5", written.Metadata["tersor.input.std"]);
    }

    [Fact]
    public async Task Train_Interrupted_KeepsTheCheckpointAndGoesOnToTheSameBytes()
    {
        string[] settings = ["--epochs", "12", "--average", "0.95", "--optimizer", "adam", "--augment", "crop:1", "--threads", "2"];
        (await TersorRun.Of(["train", "lenet-300-100", .. FewDigits, "-o", _folder["straight.onnx"], .. settings])).Succeeds();
        using CancellationTokenSource stop = new();
        Task watch = Task.Run(async () =>
        {
            while (!File.Exists(_folder["state"])) await Task.Delay(1);
            await stop.CancelAsync();
        });

        TersorRun stopped = await TersorRun.Of(
            new TerminalSettings { Cancellation = stop.Token }, ["train", "lenet-300-100", .. FewDigits, "-o", _folder["out.onnx"], "--checkpoint", _folder["state"], .. settings]);
        await watch;

        Assert.Equal(130, stopped.ExitCode);
        Assert.Matches(@"error\[cancelled\]: stopped before the end\. .*state keeps the state after epoch \d+; the same command goes on from there\.\n$", stopped.Error);
        Assert.Equal(["state", "straight.onnx"], _folder.FileNames);
        settings[^1] = "1";
        (await TersorRun.Of(["train", "lenet-300-100", .. FewDigits, "-o", _folder["out.onnx"], "--checkpoint", _folder["state"], .. settings])).Succeeds();
        Assert.Equal(File.ReadAllBytes(_folder["straight.onnx"]), File.ReadAllBytes(_folder["out.onnx"]));
    }

    [Fact]
    public async Task Train_CheckpointOfAnotherTraining_IsRefusedWithTheDifference()
    {
        (await Train("lenet-300-100", "--epochs", "1", "--checkpoint", _folder["state"])).Succeeds();

        TersorRun run = await Train("lenet-300-100", "--epochs", "1", "--checkpoint", _folder["state"], "--force", "--learning-rate", "0.01");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("error[checkpoint-mismatch]: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("learning rate 0.1, not 0.01", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_FileThatIsNoCheckpoint_IsRefusedAndLeftAlone()
    {
        SmallModels.Write(_folder["m.safetensors"]);
        byte[] before = File.ReadAllBytes(_folder["m.safetensors"]);

        TersorRun run = await Train("lenet-300-100", "--epochs", "1", "--checkpoint", _folder["m.safetensors"]);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("it is not a training checkpoint", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_folder["m.safetensors"]));
    }

    [Fact]
    public async Task Train_LossThatIsNoNumber_StopsSaysWhereAndWritesNothing()
    {
        TersorRun run = await Train("lenet-300-100", "--epochs", "3", "--learning-rate", "1e6", "--schedule", "constant", "--checkpoint", _folder["state"]);

        Assert.Equal(5, run.ExitCode);
        Assert.Matches(@"error\[diverged\]: At step \d+, in epoch 1, .*\. Nothing was written\.\n$", run.Error);
        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public async Task Train_CompressedModel_GoesOnFromItsWeights()
    {
        TersorRun first = (await Train("lenet-300-100", "--epochs", "8", "--batch", "32", "--mean", "0.1", "--json")).Succeeds();
        (await TersorRun.Of("compress", _folder["out.onnx"], "--quality", "70")).Succeeds();

        TersorRun further = (await TersorRun.Of(["train", _folder["out.nnc"], .. FewDigits, "-o", _folder["tuned.onnx"], "--epochs", "1", "--json"])).Succeeds();

        Assert.Equal(0.1f, Report(further).GetProperty("preprocessing").GetProperty("mean")[0].GetSingle());
        Assert.True(LastLoss(further) < LastLoss(first), "it began anew");
        using Model tuned = ModelFormats.Open(_folder["tuned.onnx"]);
        Assert.Equal("0.1", tuned.Metadata["tersor.input.mean"]);
    }

    [Fact]
    public async Task Train_DryRun_SaysWhatItWouldTake()
    {
        TersorRun run = (await Train("lenet5", "--dry-run", "--optimizer", "adamw", "--batch", "128")).Succeeds();

        Assert.Matches(@"^would write .*out\.onnx: \d+ epochs, batch 128, adamw, learning rate 0\.001 one-cycle, weight decay 0\.01, augmented by crop:2; [\d.]+ MB of memory beside weights and data\n$", run.Out);
        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public async Task Train_MoreMemoryThanTheLimit_IsRefusedBeforeTheRun()
    {
        TersorRun run = await Train("lenet5", "--memory-limit", "40MB", "--batch", "500");

        Assert.Equal(6, run.ExitCode);
        Assert.Matches(@"^error\[resource-limit\]: lenet5: a run takes [\d.]+ MB for intermediate results, [\d.]+ MB are left for them; use a smaller batch\n$", run.Error);
    }

    [Theory]
    [InlineData("lenet6", "lenet6: neither a file nor a network that can be trained from scratch. Did you mean 'lenet5'?")]
    [InlineData("gpt", "gpt: neither a file nor a network that can be trained from scratch. The networks are lenet-300-100, ")]
    public async Task Train_UnknownNetwork_NamesTheKnown(string network, string error)
    {
        TersorRun run = await Train(network);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error[input-missing]: " + error, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--momentum is for --optimizer sgd; --nesterov is for --optimizer sgd", "--optimizer", "adam", "--momentum", "0.5", "--nesterov")]
    [InlineData("--augment takes none, or crop, crop:PIXELS and flip with commas between, not 'turn'", "--augment", "turn")]
    [InlineData("--nesterov needs --momentum above 0", "--momentum", "0", "--nesterov")]
    [InlineData("--patience needs held-out samples, and --validation leaves none", "--patience", "2", "--validation", "0")]
    [InlineData("--temperature, --soft and --teacher-labels are for --teacher FILE", "--temperature", "2")]
    [InlineData("--temperature, --soft and --teacher-labels are for --teacher FILE", "--teacher-labels")]
    [InlineData("--optimizer takes one of sgd, adam, adamw, not 'adan'. Did you mean 'adam'?. See tersor train --help.", "--optimizer", "adan")]
    public async Task Train_OptionsThatDoNotWork_AreRefused(string error, params string[] options) =>
        (await Train("lenet-300-100", options)).FailsWith(2, $"error[usage]: {error}");

    [Theory]
    [InlineData("digits:40,10", "A batch of 64 is larger than digits train with 36 samples")]
    [InlineData("digits:0,10", "A batch of 64 is larger than digits train with 0 samples")]
    public async Task Train_BatchLargerThanTheData_IsRefused(string data, string error) =>
        (await TersorRun.Of("train", "lenet-300-100", "--data", data, "-o", _folder["out.onnx"])).FailsWith(2, $"error[data-mismatch]: {error}");

    [Theory]
    [InlineData("out.safetensors")]
    [InlineData("out.nnc")]
    public async Task Train_OutputThatIsNotOnnx_IsRefused(string name)
    {
        TersorRun run = await TersorRun.Of(["train", "lenet5", .. FewDigits, "-o", _folder[name]]);

        Assert.Equal(2, run.ExitCode);
        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public async Task Train_Teacher_IsLearnedFromAndMustFit()
    {
        (await Train("lenet-300-100", "--teacher", "none.onnx")).FailsWith(2, "error[input-missing]: none.onnx: no such file");
        string teacher = RepositoryFile.Find("samples/lenet5-digits.onnx");
        TersorRun run = (await Train("lenet-300-100", "--epochs", "1", "--teacher", teacher, "--temperature", "2", "--json")).Succeeds();
        JsonElement settings = Parse(run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).GetProperty("settings");
        Assert.Equal((teacher, 2, 0.9), (settings.GetProperty("teacher").GetString(), settings.GetProperty("temperature").GetDouble(), settings.GetProperty("soft").GetDouble()));
    }

    [Fact]
    public async Task Train_OutputThatCannotBeWritten_IsMissedBeforeTheTraining()
    {
        File.WriteAllText(_folder["file"], "");

        TersorRun run = await TersorRun.Of(["train", "lenet-300-100", .. FewDigits, "-o", Path.Combine(_folder["file"], "out.onnx")]);

        Assert.Equal(2, run.ExitCode);
        Assert.DoesNotContain("epoch 1/", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_CheckpointUnderTheNameOfTheOutput_IsRefused() =>
        (await Train("lenet-300-100", "--checkpoint", _folder["out.onnx"])).FailsWith(2, $"error[usage]: --checkpoint and -o both name {_folder["out.onnx"]}. Name another file.");

    [Fact]
    public async Task Train_ImagesOfAnotherShape_ShowsBoth()
    {
        WriteSamples("colours.npz", new TensorShape(8, 3, 32, 32), largestLabel: 9);

        (await TersorRun.Of("train", "lenet5", "--data", $"npz:{_folder["colours.npz"]}", "--batch", "2", "-o", _folder["out.onnx"]))
            .FailsWith(2, "error[data-mismatch]: lenet5 takes 'input float32 Nx1x28x28', the data has samples of 3x32x32");
    }

    [Fact]
    public async Task Train_MoreClassesThanOutputs_ShowsBoth()
    {
        WriteSamples("many.npz", new TensorShape(8, 1, 28, 28), largestLabel: 10);

        TersorRun run = await TersorRun.Of("train", RepositoryFile.Lenet5, "--data", $"npz:{_folder["many.npz"]}", "--batch", "2", "-o", _folder["out.onnx"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"many.npz has 11 classes, {RepositoryFile.Lenet5} has 10 outputs", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_TruncatedData_IsMalformed()
    {
        Directory.CreateDirectory(_folder["cifar"]);
        File.WriteAllBytes(Path.Combine(_folder["cifar"], "test_batch.bin"), new byte[3072]);

        TersorRun run = await TersorRun.Of("train", "resnet20", "--data", $"cifar10:{_folder["cifar"]}", "-o", _folder["out.onnx"]);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("the file is truncated or damaged, fetch it again", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_MissingData_NamesTheFiles()
    {
        TersorRun run = await TersorRun.Of("train", "lenet5", "--data", $"mnist:{_folder["nowhere"]}", "-o", _folder["out.onnx"]);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error[input-missing]: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("t10k-images-idx3-ubyte", run.Error, StringComparison.Ordinal);
    }

    private static JsonElement Report(TersorRun run) => Parse(run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);

    private static double LastLoss(TersorRun run) => Report(run).GetProperty("epochs").EnumerateArray().Last().GetProperty("trainLoss").GetDouble();

    private static JsonElement Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }

    private Task<TersorRun> Train(string network, params string[] options) => TersorRun.Of(["train", network, .. FewDigits, "-o", _folder["out.onnx"], .. options]);

    private void WriteSamples(string name, TensorShape shape, long largestLabel)
    {
        long[] labels = [.. Enumerable.Range(0, (int)shape[0]).Select(i => i == 0 ? largestLabel : i)];
        Tensor x = new("x", ElementType.UInt8, shape, ByteSource.FromMemory(new byte[shape.ElementCount]));
        Tensor y = new("y", ElementType.Int64, new TensorShape(labels.Length), ByteSource.FromMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(labels.AsSpan()).ToArray()));
        using Model archive = new("npz", "memory", [x, y]);
        new NpzFormat().Write(archive, _folder[name], ModelWriteOptions.Default);
    }
}
