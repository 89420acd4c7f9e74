using System.CommandLine;

namespace Tersor.Bench.Opponents;

/// <summary>The options of all contests.</summary>
internal sealed class ContestOptions
{
    private readonly Option<int> _threads;
    private readonly Option<double> _seconds;
    private readonly Option<int> _rounds = new("--rounds") { Description = "Turns of each.", DefaultValueFactory = _ => 3 };

    public ContestOptions(int threads, double seconds)
    {
        _threads = new("--threads") { Description = "Threads of each.", DefaultValueFactory = _ => threads };
        _seconds = new("--seconds") { Description = "How long a turn takes.", DefaultValueFactory = _ => seconds };
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_threads);
        command.Options.Add(_seconds);
        command.Options.Add(_rounds);
    }

    public int Threads(ParseResult parse) => parse.GetValue(_threads);

    public double Seconds(ParseResult parse) => parse.GetValue(_seconds);

    public int Rounds(ParseResult parse) => parse.GetValue(_rounds);
}
