using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// What a node computes: the rule of its output types, the forward pass and, where it exists, the backward pass. One object serves one node of one plan;
/// attributes are read and checked when it is made, geometry is prepared by <see cref="InferTypes"/>, so that a pass allocates nothing.
/// </summary>
internal abstract class Operator(OnnxNode node)
{
    /// <summary>The node, for attributes and messages.</summary>
    public OnnxNode Node { get; } = node;

    /// <summary>Whether <see cref="Backward"/> works.</summary>
    public virtual bool HasBackward => false;

    /// <summary>Whether output 0 is input 0 under another shape, so that both share memory and the forward pass has nothing to do.</summary>
    public virtual bool IsView => false;

    /// <summary>Whether the result depends on its inputs alone, so that it can be computed ahead where they are known.</summary>
    public virtual bool IsFoldable => true;

    /// <summary>Sets type and shape of every output, and what memory the passes need.</summary>
    public abstract void InferTypes(OperatorContext context);

    /// <summary>Computes the outputs.</summary>
    public abstract void Forward(OperatorContext context);

    /// <summary>
    /// Writes the gradient of each input for which <see cref="OperatorContext.WantsGradient"/> holds, from those of the outputs; adds it where
    /// <see cref="OperatorContext.AddsToGradient"/> holds.
    /// </summary>
    public virtual void Backward(OperatorContext context) => throw new NotSupportedException($"{Node.OperatorType} has no gradient.");

    /// <summary>Whether a gradient flows to that input; indices, shapes and statistics have none.</summary>
    public virtual bool IsDifferentiable(int input) => HasBackward && input == 0;

    /// <summary>
    /// Whether the gradient of that input is, element by element, output 0's or what the backward pass makes of it where it lies, so that both may share memory
    /// (<see cref="OperatorContext.SharesGradient"/>).
    /// </summary>
    public virtual bool PassesGradient(int input) => false;

    /// <summary>Whether the backward pass can add that input's gradient to what is there (<see cref="OperatorContext.AddsToGradient"/>).</summary>
    public virtual bool CanAddToGradient(int input) => false;

    /// <summary>Whether the backward pass reads that input's value.</summary>
    public virtual bool BackwardReadsInput(int input) => true;

    /// <summary>Whether the backward pass reads that output's value.</summary>
    public virtual bool BackwardReadsOutput(int output) => true;

    /// <summary>Whether output 0 may lie where that input of equal length lay, the input being read for the last time.</summary>
    public virtual bool CanOverwrite(int input) => false;

    /// <summary>The same function as an activation that the kernel before it can apply; null where it is none.</summary>
    public virtual Activation? AsActivation(OperatorContext context) => null;

    /// <summary>Takes over the activation that follows; false where the operator cannot.</summary>
    public virtual bool TryFuse(Activation activation) => false;

    /// <summary>Multiplications with addition in one forward pass; 0 where the count says nothing.</summary>
    public virtual long MultiplyAdds(OperatorContext context) => 0;
}
