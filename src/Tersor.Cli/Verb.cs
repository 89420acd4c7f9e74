using System.CommandLine;

namespace Tersor.Cli;

/// <summary>One verb of the command: its arguments and options, made in the constructor, and what it does.</summary>
internal abstract class Verb(string name, string description) : Command(name, description)
{
    /// <summary>The words that call it, such as <c>data download</c>.</summary>
    public string FullName => Parents.OfType<VerbGroup>().SingleOrDefault() is { } group ? $"{group.Name} {Name}" : Name;

    /// <summary>Refuses options that contradict each other, before anything is read: who runs the verb at the end of other work asks before that begins. <see cref="Run"/> refuses them too.</summary>
    /// <exception cref="CommandException">They do.</exception>
    public virtual void Check(Invocation invocation)
    {
    }

    /// <summary>Does the work. Returns where all went well; any other end is an exception.</summary>
    public abstract void Run(Invocation invocation);
}

/// <summary>A first word that several verbs share.</summary>
internal sealed class VerbGroup : Command
{
    /// <summary>Joins the verbs under the word.</summary>
    public VerbGroup(string name, string description, params IReadOnlyList<Verb> verbs)
        : base(name, description)
    {
        foreach (Verb verb in verbs) Add(verb);
    }

    /// <summary>The verbs of the group.</summary>
    public IEnumerable<Verb> Verbs => Subcommands.Cast<Verb>();
}
