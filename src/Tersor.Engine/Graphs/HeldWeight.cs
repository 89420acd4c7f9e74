using Tersor.Models;
using Tersor.Representations;

namespace Tersor.Engine.Graphs;

/// <summary>A weight of an executable graph that is run from a representation: its dense values are nowhere in memory. It cannot be trained or changed.</summary>
public sealed class HeldWeight
{
    internal HeldWeight(string name, TensorShape shape, IReadOnlyList<Representation> groups)
    {
        (Name, Shape, Groups) = (name, shape, groups);
    }

    /// <summary>Name of the initializer.</summary>
    public string Name { get; }

    /// <summary>Dimensions as the graph has them, outermost first.</summary>
    public TensorShape Shape { get; }

    /// <summary>A matrix for each group of a convolution, one for other operators: a row for each output, whatever order the graph has.</summary>
    public IReadOnlyList<Representation> Groups { get; }

    /// <summary>Bytes of memory that the weight occupies.</summary>
    public long ResidentBytes => Groups.Sum(group => group.ResidentBytes);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Shape} as {Groups[0].Format.Name()}, {ResidentBytes:N0} bytes";
}
