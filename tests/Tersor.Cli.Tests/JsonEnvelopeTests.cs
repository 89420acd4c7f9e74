using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tersor.Cli.Tests.Output;

namespace Tersor.Cli.Tests;

/// <summary>What holds for the <c>--json</c> document of every verb.</summary>
public sealed class JsonEnvelopeTests : IDisposable
{
    private static readonly string[] Common = ["command", "inputs", "outputs", "schema", "tensors", "tool", "totals", "version", "warnings"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Verbs() => ["compress", "decompress", "inspect", "verify", "diff", "convert", "evaluate", "run", "list"];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Document_HasTheCommonPartsAndSortedKeys(string verb)
    {
        string[] arguments = ArgumentsOf(verb);

        TersorRun run = (await TersorRun.Of(arguments)).Succeeds();

        JsonElement document = run.Json();
        AssertSorted(document);
        Assert.Empty(Common.Except(document.EnumerateObject().Select(property => property.Name)));
        Assert.Equal("tersor." + verb, document.GetProperty("schema").GetString());
        Assert.Equal(1, document.GetProperty("version").GetInt32());
        Assert.Matches(@"^\d+\.\d+\.\d+$", document.GetProperty("tool").GetString());
        Assert.Equal(arguments, document.GetProperty("command").EnumerateArray().Select(argument => argument.GetString()));
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Document_IsTheSameInACommaCulture(string verb)
    {
        string[] arguments = ArgumentsOf(verb);
        TersorRun plain = (await TersorRun.Of(arguments)).Succeeds();
        foreach (string output in new[] { "out.safetensors", "out.nnc" }) File.Delete(_folder[output]);
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CommaCulture();
            Assert.Equal("1,5", 1.5.ToString(CultureInfo.CurrentCulture));
            TersorRun comma = (await TersorRun.Of(arguments)).Succeeds();

            Assert.Equal(WithoutTiming(plain), WithoutTiming(comma));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public async Task Text_IsTheSameInACommaCulture()
    {
        string a = SmallModels.Write(_folder["a.safetensors"]);
        string b = SmallModels.Write(_folder["b.safetensors"], lastWeight: 1.25f);
        TersorRun plain = await TersorRun.Of("diff", a, b, "--fail-above", "0.1");
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CommaCulture();
            Assert.Equal(plain, await TersorRun.Of("diff", a, b, "--fail-above", "0.1"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public async Task Document_StaysAloneOnStdout_WithProgressAndStylesForced()
    {
        HastyClock clock = new();
        string a = SmallModels.Write(_folder["a.safetensors"]);

        TersorRun run = await TersorRun.Of(
            new TerminalSettings { ErrorIsLive = true, OutHasStyles = true, Clock = clock }, "inspect", a, "--histogram", "--json");

        run.Succeeds();
        Assert.Equal(JsonValueKind.Object, run.Json().ValueKind);
        Assert.Contains("measure", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Out);
    }

    [Fact]
    public async Task Failure_KeepsWhatWasFoundAndAddsTheError()
    {
        string a = SmallModels.Write(_folder["a.safetensors"]);
        string b = SmallModels.Write(_folder["b.safetensors"], lastWeight: 2f);

        TersorRun run = await TersorRun.Of("diff", a, b, "--fail-above", "0.5", "--json");

        Assert.Equal(5, run.ExitCode);
        Assert.Equal(3, run.Json().GetProperty("tensors").GetArrayLength());
        Assert.Equal("mismatch", run.Json().GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(5, run.Json().GetProperty("error").GetProperty("exitCode").GetInt32());
    }

    private string[] ArgumentsOf(string verb)
    {
        string path = File.Exists(_folder["m.safetensors"]) ? _folder["m.safetensors"] : SmallModels.Write(_folder["m.safetensors"]);
        return verb switch
        {
            "list" => ["list", "--json"],
            "diff" => ["diff", path, path, "--json"],
            "compress" => ["compress", path, "-o", _folder["out.nnc"], "--qp", "-20", "--json"],
            "decompress" => ["decompress", Compressed(path), "-o", _folder["out.safetensors"], "--json"],
            "convert" => ["convert", path, "-o", _folder["out.safetensors"], "--json"],
            "evaluate" => ["evaluate", SmallNetworks.WriteDoubling(_folder["net.onnx"]), "--data", $"npz:{Data()}", "--json"],
            "run" => ["run", SmallNetworks.WriteDoubling(_folder["net.onnx"]), "--input", Data(), "-o", _folder["out.npz"], "--force", "--json"],
            "inspect" => ["inspect", path, "--histogram", "--json"],
            _ => [verb, path, "--json"],
        };
    }

    private string Data() => SmallNetworks.WriteArrays(
        _folder["data.npz"],
        new Models.Tensor("x", new Models.TensorShape(1, 4), [1.5f, 0.25f, 0, 0]),
        new Models.Tensor("input", new Models.TensorShape(1, 4), [1.5f, 0.25f, 0, 0]),
        SmallNetworks.Integers("y", new Models.TensorShape(1), 0));

    // How fast a run was is no part of its result.
    private static TersorRun WithoutTiming(TersorRun run) =>
        run with { Out = Regex.Replace(run.Out, "\"(?:seconds|imagesPerSecond|secondsPerImage)\": [^\\s,]+", "", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture) };

    private string Compressed(string path)
    {
        string compressed = _folder["m.nnc"];
        if (!File.Exists(compressed)) TersorRun.Of("compress", path, "-o", compressed).GetAwaiter().GetResult().Succeeds();
        return compressed;
    }

    // The runtime may know no cultures (invariant globalization), so the comma is put in by hand.
    private static CultureInfo CommaCulture()
    {
        CultureInfo culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.NumberFormat.NumberGroupSeparator = ".";
        culture.NumberFormat.NegativeSign = "~";
        return culture;
    }

    private static void AssertSorted(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray()) AssertSorted(item);
        }

        if (element.ValueKind != JsonValueKind.Object) return;
        string[] names = [.. element.EnumerateObject().Select(property => property.Name)];
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        foreach (JsonProperty property in element.EnumerateObject()) AssertSorted(property.Value);
    }
}
