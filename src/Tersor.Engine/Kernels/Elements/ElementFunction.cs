namespace Tersor.Engine.Kernels;

/// <summary>Functions of one value.</summary>
public enum ElementFunctionKind
{
    /// <summary><c>|x|</c>.</summary>
    Abs,

    /// <summary><c>min(max(x, lower), upper)</c>.</summary>
    Clip,

    /// <summary><c>x &gt; 0 ? x : alpha (e^x - 1)</c>.</summary>
    Elu,

    /// <summary>The error function.</summary>
    Erf,

    /// <summary><c>e^x</c>.</summary>
    Exp,

    /// <summary><c>x (1 + erf(x / sqrt 2)) / 2</c>.</summary>
    Gelu,

    /// <summary>GELU with the hyperbolic tangent: <c>x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2</c>.</summary>
    GeluTanh,

    /// <summary><c>min(max(alpha x + beta, 0), 1)</c>.</summary>
    HardSigmoid,

    /// <summary><c>x min(max(x / 6 + 1 / 2, 0), 1)</c>.</summary>
    HardSwish,

    /// <summary><c>x &gt; 0 ? x : slope x</c>.</summary>
    LeakyRelu,

    /// <summary>The natural logarithm.</summary>
    Log,

    /// <summary><c>-x</c>.</summary>
    Negate,

    /// <summary><c>1 / x</c>.</summary>
    Reciprocal,

    /// <summary><c>max(x, 0)</c>.</summary>
    Relu,

    /// <summary><c>1 / (1 + e^-x)</c>.</summary>
    Sigmoid,

    /// <summary>-1, 0 or 1.</summary>
    Sign,

    /// <summary>The square root.</summary>
    Sqrt,

    /// <summary><c>x / (1 + e^-x)</c>.</summary>
    Swish,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,
}

/// <summary>A function of one value with its parameters.</summary>
/// <param name="Kind">Which function.</param>
/// <param name="First">Lower bound, alpha or slope, where the function has one.</param>
/// <param name="Second">Upper bound or beta, where the function has one.</param>
public readonly record struct ElementFunction(ElementFunctionKind Kind, float First = 0f, float Second = 0f)
{
    /// <summary>A function without parameters.</summary>
    public static implicit operator ElementFunction(ElementFunctionKind kind) => new(kind);
}
