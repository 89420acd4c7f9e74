using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Tersor.Bench.Engine;

/// <summary>A problem that knows how many floating-point operations it takes; a multiply-add counts as two.</summary>
public interface IFloatingPointWork
{
    double Operations { get; }
}

/// <summary>Adds the rate in GFLOP/s to the table of benchmarks whose parameter is an <see cref="IFloatingPointWork"/>.</summary>
public sealed class FloatingPointRateConfig : ManualConfig
{
    public FloatingPointRateConfig() => AddColumn(new RateColumn());

    private sealed class RateColumn : IColumn
    {
        public string Id => nameof(RateColumn);

        public string ColumnName => "GFLOP/s";

        public string Legend => "Billions of floating-point operations a second";

        public UnitType UnitType => UnitType.Dimensionless;

        public bool AlwaysShow => true;

        public ColumnCategory Category => ColumnCategory.Custom;

        public int PriorityInCategory => 0;

        public bool IsNumeric => true;

        public bool IsAvailable(Summary summary) => true;

        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, SummaryStyle.Default);

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style)
        {
            double? nanoseconds = summary[benchmarkCase]?.ResultStatistics?.Mean;
            IFloatingPointWork? work = benchmarkCase.Parameters.Items.Select(item => item.Value).OfType<IFloatingPointWork>().FirstOrDefault();
            return nanoseconds is null || work is null ? "-" : (work.Operations / nanoseconds.Value).ToString("F1", CultureInfo.InvariantCulture);
        }
    }
}
