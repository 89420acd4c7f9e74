using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Tersor.Bench.EntropyCoding;

namespace Tersor.Bench;

/// <summary>Millions of bins per second, from the mean time, where a benchmark of the entropy coder has counted its bins.</summary>
public sealed class BinRateColumn : IColumn
{
    /// <summary>Bins of one call by the parameters of <see cref="CodecBenchmarks"/>; benchmarks run in this process.</summary>
    internal static Dictionary<(string Weights, bool Dependent), long> BinsOf { get; } = [];

    public string Id => nameof(BinRateColumn);

    public string ColumnName => "Mbins/s";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 1;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "Millions of bins per second of one thread, bypass bins among them";

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        double? mean = summary[benchmarkCase]?.ResultStatistics?.Mean;
        return mean is null || Bins(benchmarkCase) is not long bins ? "-" : (bins / mean.Value * 1000).ToString("F1", CultureInfo.InvariantCulture);
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    private static long? Bins(BenchmarkCase benchmarkCase)
    {
        if (benchmarkCase.Descriptor.Type == typeof(DecoderChainBenchmarks)) return DecoderChainBenchmarks.BinCount;
        if (benchmarkCase.Descriptor.Type != typeof(CodecBenchmarks) || benchmarkCase.Descriptor.WorkloadMethod.Name.StartsWith("Brotli", StringComparison.Ordinal)) return null;
        string weights = (string)benchmarkCase.Parameters[nameof(CodecBenchmarks.Weights)];
        bool dependent = (bool)benchmarkCase.Parameters[nameof(CodecBenchmarks.Dependent)];
        return BinsOf.TryGetValue((weights, dependent), out long bins) ? bins : null;
    }
}
