using System.CommandLine;

namespace Tersor.Cli;

/// <summary>One verb of the command: its arguments and options, made in the constructor, and what it does.</summary>
internal abstract class Verb(string name, string description) : Command(name, description)
{
    /// <summary>Does the work. Returns where all went well; any other end is an exception.</summary>
    public abstract void Run(Invocation invocation);
}
