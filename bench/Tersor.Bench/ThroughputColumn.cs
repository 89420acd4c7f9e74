using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Tersor.Bench;

/// <summary>How many weights one call of a benchmark goes through, for the column of millions of weights per second.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class WeightCountAttribute(long count) : Attribute
{
    public long Count => count;
}

/// <summary>Millions of weights per second, from the mean time.</summary>
public sealed class ThroughputColumn : IColumn
{
    public string Id => nameof(ThroughputColumn);

    public string ColumnName => "Mweights/s";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => "Millions of weights per second of one thread";

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        WeightCountAttribute? weights = benchmarkCase.Descriptor.Type.GetCustomAttributes(typeof(WeightCountAttribute), inherit: false).OfType<WeightCountAttribute>().FirstOrDefault();
        double? mean = summary[benchmarkCase]?.ResultStatistics?.Mean;
        return weights is null || mean is null ? "-" : (weights.Count / mean.Value * 1000).ToString("F1", CultureInfo.InvariantCulture);
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);
}
