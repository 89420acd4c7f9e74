using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes;

/// <summary>The networks that trainings of a recipe learn from, opened once.</summary>
internal sealed class RecipeTeachers
{
    private readonly Dictionary<string, ExecutableGraph> _opened = new(StringComparer.Ordinal);
    private OnnxGraph? _original;

    /// <summary>Remembers the network that the recipe begins with.</summary>
    public void Begin(OnnxGraph original) => _original = original;

    /// <summary>The network of a name: the original one, or a model file.</summary>
    /// <exception cref="RecipeException">The original is asked for where no recipe began.</exception>
    public ExecutableGraph Of(string name)
    {
        if (_opened.TryGetValue(name, out ExecutableGraph? opened)) return opened;
        return _opened[name] = name == Recipe.OriginalTeacher ? OfOriginal(_original ?? throw new RecipeException(name, ["only a recipe has a network that it began with; name a model file as the teacher"])) : Open(name);
    }

    /// <summary>The network of a name before a recipe began.</summary>
    /// <param name="name">The original one, or a model file.</param>
    /// <param name="original">The network that the recipe would begin with.</param>
    public ExecutableGraph Of(string name, OnnxGraph original) => name == Recipe.OriginalTeacher ? OfOriginal(original) : Of(name);

    /// <summary>What keeps a training's teacher from teaching a network; none where it can.</summary>
    /// <param name="training">Names the teacher.</param>
    /// <param name="graph">The network at the beginning of the recipe.</param>
    /// <param name="session">The data.</param>
    public IEnumerable<string> Check(TrainingRecipe training, OnnxGraph graph, RecipeSession session)
    {
        string name = training.Teacher!;
        if (name != Recipe.OriginalTeacher && !File.Exists(name)) return [$"the teacher {name} is no file; name a model file, or '{Recipe.OriginalTeacher}' for the network that the recipe begins with"];
        try
        {
            ExecutableGraph student = ExecutableGraph.Create(graph);
            Teacher teacher = new(Of(name, graph), training.Temperature, training.Soft, training.TeacherLabels);
            teacher.CheckFit(student, session.Train, session.Preprocessing, InputBatch.SizeFor(student, Math.Min(training.Batch, session.Train.Count)), session.Threads);
            return [];
        }
        catch (Exception refusal) when (refusal is DataMismatchException or ModelFormatException or UnsupportedModelException or IOException or UnauthorizedAccessException)
        {
            return [refusal.Message.TrimEnd('.')];
        }
    }

    // It gets its inputs as the recipe's other networks do, whatever its file says of them.
    private static ExecutableGraph OfOriginal(OnnxGraph graph) => ExecutableGraph.Create(graph.WithoutMetadata(_ => true));

    private static ExecutableGraph Open(string path)
    {
        using Model model = ModelFormats.Open(path);
        return ExecutableGraph.Create(NetworkState.InMemory(OnnxGraph.FromModel(model)));
    }
}
