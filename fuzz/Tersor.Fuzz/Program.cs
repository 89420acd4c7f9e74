// dotnet run -c Release --project fuzz/Tersor.Fuzz -- TARGET|all [--seconds N] [--seed N] [--findings FOLDER] [FILES...]
// Runs the files (by default the corpus) and mutations of them; the exit code is 1 where something was found. fuzz/README.md says more.
using System.Globalization;
using Tersor.Fuzz;

string? name = null;
double seconds = 20;
ulong seed = 1;
string findings = Path.Combine("fuzz", "findings");
List<string> files = [];
try
{
    for (int i = 0; i < args.Length; i++)
    {
        switch (args[i])
        {
            case "--seconds": seconds = double.Parse(args[++i], CultureInfo.InvariantCulture); break;
            case "--seed": seed = ulong.Parse(args[++i], CultureInfo.InvariantCulture); break;
            case "--findings": findings = args[++i]; break;
            default:
                if (name is null) name = args[i];
                else files.Add(args[i]);
                break;
        }
    }
}
catch (Exception error) when (error is FormatException or OverflowException or IndexOutOfRangeException)
{
    return Usage(error.Message);
}

FuzzTarget[] targets = [.. FuzzTargets.All.Where(target => name == "all" || target.Name == name)];
if (targets.Length == 0) return Usage($"no target '{name}'");
int found = 0;
foreach (FuzzTarget target in targets)
{
    byte[][] seeds = [.. (files.Count > 0 ? files : Corpus.Files(target)).Select(File.ReadAllBytes)];
    if (seeds.Length == 0) return Usage($"{target.Name} has no corpus: name files");
    FuzzRun run = new(target, seeds, findings);
    run.Run(seed, TimeSpan.FromSeconds(seconds));
    Console.WriteLine($"{target.Name}: {run.Inputs} inputs, {run.Findings} findings");
    found += run.Findings;
}

return found > 0 ? 1 : 0;

static int Usage(string problem)
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine($"usage: TARGET|all [--seconds N] [--seed N] [--findings FOLDER] [FILES...]; targets: {string.Join(", ", FuzzTargets.All)}");
    return 2;
}
