using System.CommandLine;
using System.Globalization;
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
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Command[] contests = [ContestCommand.Create(), ProductContest.Create()];
if (args is [var first, ..] && contests.Any(contest => contest.Name == first))
{
    RootCommand root = new("What Tersor takes, beside what others take.");
    foreach (Command contest in contests) root.Subcommands.Add(contest);
    return root.Parse(args).Invoke();
}

IConfig config = DefaultConfig.Instance
    .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(2).WithIterationCount(7).WithInvocationCount(1).WithUnrollFactor(1))
    .AddColumn(new ThroughputColumn(), new BinRateColumn());
BenchmarkSwitcher.FromAssembly(typeof(ThroughputColumn).Assembly).Run(args, config);
return 0;
