using System.Text.Json;
using Tersor.Engine.Networks;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Cli.Tests.Commands;

public sealed class SensitivityCommandTests : IDisposable
{
    private static readonly string[] FewDigits = ["--data", "digits:600,200", "--seed", "3", "--samples", "128", "--batch", "16"];

    private readonly TemporaryFolder _folder = new();

    public SensitivityCommandTests() => NetworkArchitectures.Create("lenet-300-100", seed: 1).Save(_folder["model.onnx"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sensitivity_GivesEachWeightItsInformation()
    {
        JsonElement report = (await Run("--json")).Succeeds().Json();

        JsonElement[] tensors = [.. report.GetProperty("tensors").EnumerateArray()];
        Assert.Equal(6, tensors.Length);
        Assert.All(tensors, tensor => Assert.True(tensor.GetProperty("fisherSum").GetDouble() > 0));
        JsonElement last = tensors.Single(tensor => tensor.GetProperty("name").GetString() == "fc3.weight");
        double[] channels = [.. last.GetProperty("fisherOfChannels").EnumerateArray().Select(sum => sum.GetDouble())];
        Assert.Equal(10, channels.Length);
        Assert.Equal(last.GetProperty("fisherSum").GetDouble(), channels.Sum(), 1e-9);
        Assert.Equal(128, report.GetProperty("totals").GetProperty("samples").GetInt32());
        Assert.Equal("model", report.GetProperty("labels").GetString());
    }

    [Fact]
    public async Task Sensitivity_MeasuresCoarserStepsAsWorse()
    {
        JsonElement report = (await Run("--measure", "-28,-8", "--json")).Succeeds().Json();

        foreach (JsonElement tensor in report.GetProperty("tensors").EnumerateArray())
        {
            if (tensor.GetProperty("shape").GetArrayLength() < 2)
            {
                Assert.False(tensor.TryGetProperty("measured", out _));
                continue;
            }

            JsonElement[] trials = [.. tensor.GetProperty("measured").EnumerateArray()];
            Assert.Equal([-28, -8], trials.Select(trial => trial.GetProperty("qp").GetInt32()));
            Assert.True(trials[1].GetProperty("divergence").GetDouble() > 10 * trials[0].GetProperty("divergence").GetDouble());
            Assert.InRange(trials[0].GetProperty("predictedDivergence").GetDouble() / trials[0].GetProperty("divergence").GetDouble(), 0.3, 3);
            Assert.InRange(trials[0].GetProperty("agreement").GetDouble(), 0.9, 1);
        }
    }

    [Fact]
    public async Task Sensitivity_ShowsTheBoundBesideEachMethod()
    {
        TersorRun run = (await Run("--bound", "-16,-8", "--json")).Succeeds();
        JsonElement[] coded = [.. run.Json().GetProperty("bound").EnumerateArray()];

        // Three products, two steps, four methods; weights that were drawn and never trained are no easier than normal ones.
        Assert.Equal(3 * 2 * 4, coded.Length);
        Assert.All(coded, entry => Assert.True(entry.GetProperty("bitsPerWeight").GetDouble() > 0.9 * entry.GetProperty("boundBitsPerWeight").GetDouble()));
        Assert.Contains(coded, entry => entry.GetProperty("compensated").GetBoolean());
        Assert.Contains("trellis-rdo compensated", (await Run("--bound", "-8")).Succeeds().Out, StringComparison.Ordinal);
        Assert.Contains("--bound takes whole numbers such as -24,-20", (await Run("--bound", "0.5")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sensitivity_WritesAPlanThatCompressTakes_FinerWhereTheInformationIs()
    {
        JsonElement report = (await Run("--save-plan", _folder["plan.json"], "--quality", "40", "--json")).Succeeds().Json();

        CompressionPlan plan = CompressionPlan.FromJson(await File.ReadAllTextAsync(_folder["plan.json"]), "plan.json");
        (double Mean, double Step)[] weights = [.. report.GetProperty("tensors").EnumerateArray()
            .Where(tensor => tensor.GetProperty("shape").GetArrayLength() >= 2)
            .Select(tensor => (
                tensor.GetProperty("fisherMean").GetDouble(),
                StepSize.FromQp(plan.Tensors.Single(entry => entry.Name == tensor.GetProperty("name").GetString()).Qp)))
            .OrderBy(weight => weight.Item1)];
        Assert.Equal(3, weights.Length);
        for (int i = 1; i < weights.Length; i++) Assert.True(weights[i].Step <= weights[i - 1].Step);

        // Equal damage per weight, up to the four steps in an octave.
        double[] damages = [.. weights.Select(weight => weight.Mean * weight.Step * weight.Step)];
        Assert.True(damages.Max() < 1.6 * damages.Min());
        (await TersorRun.Of("compress", _folder["model.onnx"], "-o", _folder["model.nnc"], "--plan", _folder["plan.json"])).Succeeds();
    }

    [Fact]
    public async Task Sensitivity_WritesATable()
    {
        TersorRun run = (await Run("--csv", _folder["table.csv"], "--measure", "-20")).Succeeds();

        string[] lines = await File.ReadAllLinesAsync(_folder["table.csv"]);
        Assert.Equal(7, lines.Length);
        Assert.Equal("tensor,shape,weights,fisher_sum,fisher_mean,fisher_max,divergence_qp-20,agreement_qp-20,top1_drop_qp-20", lines[0]);
        Assert.All(lines[1..], line => Assert.Equal(9, line.Split(',').Length));
        Assert.StartsWith("\"fc1.weight\",300x784,235200,", lines[1], StringComparison.Ordinal);
        Assert.Contains("QP -20: nats predicted", run.Out, StringComparison.Ordinal);
        Assert.Contains('█', run.Out);
    }

    [Fact]
    public async Task Sensitivity_RefusesBeforeItWorks()
    {
        await File.WriteAllTextAsync(_folder["table.csv"], "mine");
        (await Run("--csv", _folder["table.csv"])).FailsWith(2, $"error[output-exists]: {_folder["table.csv"]} exists already. Pass --force to replace it.");
        (await Run("--quality", "40")).FailsWith(2, "error[usage]: --quality is for --save-plan. Name a file for the plan.");
        (await Run("--measure", "1.5")).FailsWith(2, "error[usage]: --measure takes whole numbers such as -24,-20, each a QP, not '1.5'. See tersor sensitivity --help.");
        Assert.Equal("mine", await File.ReadAllTextAsync(_folder["table.csv"]));
    }

    private Task<TersorRun> Run(params string[] more) => TersorRun.Of(["sensitivity", _folder["model.onnx"], .. FewDigits, .. more]);
}
