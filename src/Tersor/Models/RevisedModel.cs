namespace Tersor.Models;

/// <summary>A model with other data in some of its tensors; the rest is read through the original.</summary>
internal sealed class RevisedModel(Model original, IReadOnlyDictionary<string, Tensor> revised)
    : Model(original.Format, original.Source, [.. original.Tensors.Select(tensor => revised.GetValueOrDefault(tensor.Name, tensor))], original.Metadata)
{
    public override bool HasGraph => original.HasGraph;

    public override bool CanDetach(Tensor tensor) => revised.ContainsKey(tensor.Name) || original.CanDetach(tensor);

    // The graph holds the values from before.
    public override bool CanStayInTopology(Tensor tensor) => !revised.ContainsKey(tensor.Name) && original.CanStayInTopology(tensor);

    public override Topology? MakeTopology(Func<Tensor, bool> isCoded) => original.MakeTopology(isCoded);
}
