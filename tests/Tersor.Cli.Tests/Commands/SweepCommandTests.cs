using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;

namespace Tersor.Cli.Tests.Commands;

public sealed class SweepCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Digits => RepositoryFile.Find("samples/lenet5-digits.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sweep_ShowsWhatEachSizeCosts_AsTableChartCsvAndPicture()
    {
        string[] command = ["sweep", Digits, "--data", "digits:400,200", "--points", "4", "--force", "--csv", _folder["front.csv"], "--svg", _folder["front.svg"]];
        JsonElement report = (await TersorRun.Of([.. command, "--json"])).Succeeds().Json();

        JsonElement[] plans = [.. report.GetProperty("plans").EnumerateArray()];
        Assert.Equal(4, plans.Length);
        long[] bytes = [.. plans.Select(plan => plan.GetProperty("bytes").GetInt64())];
        Assert.Equal(bytes.OrderDescending(), bytes);
        double[] distances = [.. plans.Select(plan => plan.GetProperty("distance").GetDouble())];
        Assert.Equal(distances.Order(), distances);
        Assert.True(plans[^1].GetProperty("front").GetBoolean());
        Assert.All(plans, plan => Assert.Equal(plan.GetProperty("front").GetBoolean(), !plans.Any(other => Beats(other, plan))));
        Assert.Equal(200, report.GetProperty("totals").GetProperty("samples").GetInt32());

        string[] rows = await File.ReadAllLinesAsync(_folder["front.csv"]);
        Assert.Equal("bytes,bitsPerWeight,ratio,drop,standardError,agreement,distance,front", rows[0]);
        Assert.Equal(bytes, rows[1..].Select(row => long.Parse(row.Split(',')[0], CultureInfo.InvariantCulture)));
        XDocument picture = XDocument.Load(_folder["front.svg"]);
        Assert.Equal(4, picture.Descendants().Count(element => element.Name.LocalName == "circle"));

        string text = (await TersorRun.Of(command)).Succeeds().Out;
        Assert.Contains(bytes[0].ToString("N0", CultureInfo.InvariantCulture), text, StringComparison.Ordinal);
        Assert.Contains("●", text, StringComparison.Ordinal);

        static bool Beats(JsonElement other, JsonElement plan) =>
            other.GetProperty("bytes").GetInt64() < plan.GetProperty("bytes").GetInt64() && other.GetProperty("drop").GetDouble() <= plan.GetProperty("drop").GetDouble();
    }

    [Fact]
    public async Task Sweep_WithoutNetworkOrWithFilesInTheWay_SaysSoFirst()
    {
        File.WriteAllText(_folder["front.csv"], "before");
        TersorRun inTheWay = await TersorRun.Of("sweep", Digits, "--data", "digits:40,20", "--csv", _folder["front.csv"]);
        Assert.NotEqual(0, inTheWay.ExitCode);
        Assert.Contains("front.csv", inTheWay.Error, StringComparison.Ordinal);
        Assert.Equal("before", File.ReadAllText(_folder["front.csv"]));

        TersorRun stdin = await TersorRun.Of("sweep", "-", "--data", "digits:40,20");
        Assert.Equal(2, stdin.ExitCode);
        Assert.Contains("Name a file.", stdin.Error, StringComparison.Ordinal);
    }
}
