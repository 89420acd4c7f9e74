using System.CommandLine;

namespace Tersor.Cli.Options;

/// <summary><c>--graph</c>: the network for model files that carry weights only.</summary>
internal sealed class GraphOption
{
    private readonly Option<string?> _graph = new("--graph")
    {
        Description = "A model whose network is used for files that carry weights only (safetensors, npz, .nnc with --topology none); weights go to the names they have there.",
        HelpName = "MODEL",
    };

    /// <summary>Adds the option to a verb.</summary>
    public void AddTo(Command verb) => verb.Add(_graph);

    /// <summary>Opens models of any readable format as graphs that the engine runs.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="paths">The files.</param>
    /// <param name="memory">Bounds the weights, which are all in memory afterwards.</param>
    /// <param name="threads">Compressed tensors decoded side by side.</param>
    /// <param name="lenient">Whether readers tolerate what others tolerate.</param>
    /// <returns>One model per path; the caller disposes them.</returns>
    /// <exception cref="CommandException">A file is missing; it carries no network and none is named; or one is named and every file has its own.</exception>
    /// <exception cref="Tersor.Models.UnsupportedModelException">The engine does not run a model; everything it does not run is named.</exception>
    public IReadOnlyList<ExecutableModel> Open(Invocation invocation, IReadOnlyList<string> paths, MemoryBudget memory, int threads, bool lenient)
    {
        string? graph = invocation.Value(_graph);
        List<ExecutableModel> models = [];
        try
        {
            foreach (string path in paths) models.Add(new ExecutableModel(invocation, path, graph, memory, threads, lenient));
            if (graph is not null && models.TrueForAll(model => model.HasOwnGraph))
                throw CommandException.Usage($"{_graph.Name} is for files that carry weights only; a network is inside {string.Join(" and ", paths)}", "Drop the option.");
            return models;
        }
        catch
        {
            foreach (ExecutableModel model in models) model.Dispose();
            throw;
        }
    }
}
