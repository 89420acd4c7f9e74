using System.Globalization;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>A node's view of the plan it is part of: types, values and gradients of its inputs and outputs, and its own memory.</summary>
internal sealed class OperatorContext(string source, OnnxNode node, ValueSlot?[] inputs, ValueSlot?[] outputs, PlanPurpose purpose)
{
    private readonly ValueSlot?[] _inputGradients = new ValueSlot?[inputs.Length];
    private readonly bool[] _sharesGradient = new bool[inputs.Length];
    private readonly bool[] _addsToGradient = new bool[inputs.Length];

    public ReadOnlySpan<ValueSlot?> InputSlots => inputs;

    public ReadOnlySpan<ValueSlot?> OutputSlots => outputs;

    public int InputCount => inputs.Length;

    public int OutputCount => outputs.Length;

    /// <summary>Whether weights are being trained: batch norm uses the batch, dropout drops.</summary>
    public bool IsTraining { get; } = purpose == PlanPurpose.Training;

    /// <summary>Whether backward passes follow, for which memory must be kept.</summary>
    public bool NeedsBackward { get; } = purpose != PlanPurpose.Inference;

    /// <summary>Memory kept from the forward to the backward pass, if asked for.</summary>
    public ValueSlot? SavedSlot { get; private set; }

    /// <summary>Memory for one pass, if asked for.</summary>
    public ValueSlot? ScratchSlot { get; private set; }

    public Span<float> Saved => SavedSlot is null ? [] : SavedSlot.Singles;

    public Span<float> Scratch => ScratchSlot is null ? [] : ScratchSlot.Singles;

    /// <summary>The threads of the run under way.</summary>
    public KernelThreads Threads { get; set; } = null!;

    /// <summary>Differs from run to run and from node to node in a way that the training's seed decides.</summary>
    public ulong RandomSeed { get; set; }

    public bool HasInput(int index) => index < inputs.Length && inputs[index] is not null;

    public bool HasOutput(int index) => index < outputs.Length && outputs[index] is not null;

    public ElementType TypeOf(int input) => Input(input).ElementType;

    public TensorShape ShapeOf(int input) => Input(input).Shape;

    public TensorShape OutputShape(int output) => outputs[output]!.Shape;

    /// <summary>The value of an input where it is known before the run.</summary>
    public DenseTensor? ConstantOf(int input) => HasInput(input) ? inputs[input]!.Constant : null;

    /// <summary>The weight that an input is, where it is held in a representation.</summary>
    public HeldWeight? HeldOf(int input) => HasInput(input) ? inputs[input]!.Held : null;

    /// <summary>An input of 64-bit integers (a shape, axes, pads) that must be known before the run.</summary>
    /// <exception cref="UnsupportedModelException">It is computed from data.</exception>
    public long[] IntegersOf(int input, string meaning)
    {
        DenseTensor constant = ConstantOf(input) ?? throw Unsupported($"its {meaning} depend on the data; only models whose shapes follow from the input's shape are run");
        return constant.ElementType == ElementType.Float32 ? throw Malformed($"its {meaning} are float32, not integers") : constant.Integers;
    }

    public ReadOnlySpan<float> Singles(int input) => Input(input).Singles;

    public ReadOnlySpan<long> Integers(int input) => Input(input).Integers;

    public Span<float> OutputSingles(int output) => outputs[output]!.Singles;

    public Span<long> OutputIntegers(int output) => outputs[output]!.Integers;

    /// <summary>State that the operator itself updates while training, such as running statistics.</summary>
    public Span<float> State(int input) => Input(input).Singles;

    public void SetOutput(int output, ElementType type, TensorShape shape) => outputs[output]?.SetType(type, shape);

    /// <summary>Gives an output's value ahead of any run.</summary>
    public void SetConstantOutput(int output, DenseTensor value) => outputs[output]?.SetConstant(value);

    /// <summary>Asks for memory that lives from the forward to the backward pass.</summary>
    public void ReserveSaved(long singles) => SavedSlot = Reserve(singles, "saved");

    /// <summary>Asks for memory that lives for one pass.</summary>
    public void ReserveScratch(long singles) => ScratchSlot = Reserve(singles, "scratch");

    public bool WantsGradient(int input) => input < _inputGradients.Length && _inputGradients[input] is not null;

    /// <summary>Where the gradient of an input goes.</summary>
    public Span<float> InputGradient(int input) => _inputGradients[input]!.Singles;

    /// <summary>Where the gradient of an input goes, or memory that a kernel may fill in vain.</summary>
    public Span<float> InputGradientOr(int input, Span<float> otherwise) => WantsGradient(input) ? InputGradient(input) : otherwise;

    /// <summary>Whether an input's gradient lies where output 0's does, so that there is nothing to copy.</summary>
    public bool SharesGradient(int input) => _sharesGradient[input];

    /// <summary>Whether an input's gradient is added to what is there, which other operators gave.</summary>
    public bool AddsToGradient(int input) => _addsToGradient[input];

    /// <summary>The gradient of an output.</summary>
    public ReadOnlySpan<float> OutputGradient(int output) => outputs[output]!.Gradient!.Singles;

    public bool HasOutputGradient(int output) => HasOutput(output) && outputs[output]!.Gradient is not null;

    public void SetInputGradient(int input, ValueSlot gradient, bool shares = false, bool adds = false) =>
        (_inputGradients[input], _sharesGradient[input], _addsToGradient[input]) = (gradient, shares, adds);

    /// <summary>An axis counted from the end where negative.</summary>
    public int Axis(long axis, int rank)
    {
        if (axis < -rank || axis >= rank) throw Malformed($"axis {axis} of a tensor with {rank} dimensions");
        return (int)(axis < 0 ? axis + rank : axis);
    }

    public ModelFormatException Malformed(string problem) => new(source, node.ToString(), -1, problem);

    public UnsupportedModelException Unsupported(string problem) => new(source, [$"{node}: {problem}"]);

    /// <summary>The input's type must be binary32.</summary>
    public void RequireSingle(params ReadOnlySpan<int> indices)
    {
        foreach (int index in indices)
        {
            if (HasInput(index) && TypeOf(index) != ElementType.Float32)
                throw Unsupported(string.Create(CultureInfo.InvariantCulture, $"input {index} is {TypeOf(index).Name()}; the engine computes in float32"));
        }
    }

    private ValueSlot Input(int index) =>
        (index < inputs.Length ? inputs[index] : null) ?? throw Malformed(string.Create(CultureInfo.InvariantCulture, $"input {index} is missing"));

    private ValueSlot? Reserve(long singles, string purpose)
    {
        if (singles == 0) return null;
        ValueSlot slot = new($"{node} {purpose}");
        slot.SetType(ElementType.Float32, new TensorShape(singles));
        return slot;
    }
}
