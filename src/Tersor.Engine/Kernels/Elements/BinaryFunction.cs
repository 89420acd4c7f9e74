namespace Tersor.Engine.Kernels;

/// <summary>Functions of two values, which <see cref="Broadcast"/> applies.</summary>
public enum BinaryFunction
{
    /// <summary><c>a + b</c>.</summary>
    Add,

    /// <summary><c>a / b</c>.</summary>
    Divide,

    /// <summary>The larger.</summary>
    Maximum,

    /// <summary>The smaller.</summary>
    Minimum,

    /// <summary><c>a b</c>.</summary>
    Multiply,

    /// <summary><c>a &gt; 0 ? a : b a</c>.</summary>
    ParametricRelu,

    /// <summary><c>a</c> to the power <c>b</c>.</summary>
    Power,

    /// <summary><c>a - b</c>.</summary>
    Subtract,
}
