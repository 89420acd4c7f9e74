namespace Tersor.Models;

/// <summary>
/// A model as read from a file: named tensors whose data may still lie in the file, and what else the file said. Disposing closes the file;
/// tensors not yet read are lost with it.
/// </summary>
public class Model : IDisposable
{
    private readonly Dictionary<string, Tensor> _byName;
    private readonly List<IDisposable> _owned;

    /// <summary>Joins the parts of a model.</summary>
    /// <param name="format">The format's name, such as <c>onnx</c>.</param>
    /// <param name="source">Path or description, for messages.</param>
    /// <param name="tensors">In file order, with unique names.</param>
    /// <param name="metadata">Free text that the file carries by key.</param>
    /// <param name="owned">What is disposed with the model.</param>
    /// <exception cref="ModelFormatException">Two tensors have the same name.</exception>
    public Model(
        string format,
        string source,
        IReadOnlyList<Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        IReadOnlyList<IDisposable>? owned = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Format = format;
        Source = source;
        Tensors = tensors;
        Metadata = metadata ?? new Dictionary<string, string>(StringComparer.Ordinal);
        _owned = [.. owned ?? []];
        _byName = new Dictionary<string, Tensor>(tensors.Count, StringComparer.Ordinal);
        foreach (Tensor tensor in tensors)
        {
            if (!_byName.TryAdd(tensor.Name, tensor))
                throw new ModelFormatException(source, $"tensor '{tensor.Name}'", -1, "the name occurs twice; names must be unique");
        }
    }

    /// <summary>The format's name, such as <c>onnx</c>.</summary>
    public string Format { get; }

    /// <summary>Path or description of where the model came from.</summary>
    public string Source { get; }

    /// <summary>The tensors in file order.</summary>
    public IReadOnlyList<Tensor> Tensors { get; }

    /// <summary>Free text by key, such as the safetensors <c>__metadata__</c> or ONNX <c>metadata_props</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensor of that name, or null.</summary>
    public Tensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Whether <see cref="MakeTopology"/> can leave this tensor's data out; where it cannot, the data stays in the topology whatever is coded.</summary>
    public virtual bool CanDetach(Tensor tensor) => true;

    /// <summary>Whether the topology holds this tensor's data as they are, so that it can leave them there; where it cannot, the tensor must be coded.</summary>
    public virtual bool CanStayInTopology(Tensor tensor) => true;

    /// <summary>
    /// The network without the data of the tensors for which <paramref name="isCoded"/> holds; null where the format knows only tensors.
    /// What is not coded stays in the topology, byte for byte.
    /// </summary>
    public virtual Topology? MakeTopology(Func<Tensor, bool> isCoded) => null;

    /// <summary>Whether the model has a graph that <see cref="MakeTopology"/> carries, not only tensors.</summary>
    public virtual bool HasGraph => false;

    /// <summary>
    /// The same model with further metadata, which replaces entries of the same key. It reads through this one, which must stay open, and owns nothing itself.
    /// </summary>
    public virtual Model WithMetadata(IReadOnlyDictionary<string, string> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return new Model(Format, Source, Tensors, Merge(Metadata, entries));
    }

    /// <summary>
    /// The same model with other data in some tensors, by name. It reads through this one, which must stay open, and owns nothing itself.
    /// </summary>
    /// <exception cref="ArgumentException">The model has no such tensor, it has another shape, or its data cannot be replaced (<see cref="CanDetach"/>).</exception>
    public Model WithTensors(IReadOnlyDictionary<string, Tensor> replacements)
    {
        ArgumentNullException.ThrowIfNull(replacements);
        foreach ((string name, Tensor tensor) in replacements)
        {
            if (Find(name) is not { } before || before.Shape != tensor.Shape || !CanDetach(before)) throw new ArgumentException($"'{name}' of {Source} cannot become '{tensor}'.", nameof(replacements));
        }

        return replacements.Count == 0 ? this : new RevisedModel(this, replacements);
    }

    /// <summary>Closes the file behind the model.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>All entries of both; those of <paramref name="more"/> win.</summary>
    private protected static IReadOnlyDictionary<string, string> Merge(IReadOnlyDictionary<string, string> some, IReadOnlyDictionary<string, string> more)
    {
        Dictionary<string, string> merged = new(some, StringComparer.Ordinal);
        foreach ((string key, string value) in more) merged[key] = value;
        return merged;
    }

    /// <summary>Hands over what is to be disposed with the model.</summary>
    internal void DisposeWith(IDisposable owned) => _owned.Add(owned);

    /// <summary>Closes the file behind the model.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing) return;
        foreach (IDisposable owned in _owned) owned.Dispose();
    }
}
