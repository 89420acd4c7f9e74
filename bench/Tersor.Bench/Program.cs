using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Tersor.Bench;
using Tersor.Bench.Opponents;
using Tersor.Bench.Representations;

// dotnet run -c Release --project bench/Tersor.Bench -- --filter '*Codec*'
// dotnet run -c Release --project bench/Tersor.Bench -- opponents --models DIR
// dotnet run -c Release --project bench/Tersor.Bench -- representations
if (args is [ContestCommand.Name, ..])
{
    ContestCommand.Run(args.AsSpan(1));
    return;
}

if (args is [ProductContest.Name, ..])
{
    ProductContest.Run(args.AsSpan(1));
    return;
}

IConfig config = DefaultConfig.Instance
    .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(2).WithIterationCount(7).WithInvocationCount(1).WithUnrollFactor(1))
    .AddColumn(new ThroughputColumn(), new BinRateColumn());
BenchmarkSwitcher.FromAssembly(typeof(ThroughputColumn).Assembly).Run(args, config);
