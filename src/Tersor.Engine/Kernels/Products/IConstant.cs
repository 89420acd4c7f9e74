namespace Tersor.Engine.Kernels;

/// <summary>A number that is known when a kernel is compiled: conditions on it cost nothing.</summary>
internal interface IConstant
{
    static abstract int Value { get; }
}

internal readonly struct Constant0 : IConstant
{
    public static int Value => 0;
}

internal readonly struct Constant1 : IConstant
{
    public static int Value => 1;
}

internal readonly struct Constant2 : IConstant
{
    public static int Value => 2;
}

internal readonly struct Constant3 : IConstant
{
    public static int Value => 3;
}

internal readonly struct Constant4 : IConstant
{
    public static int Value => 4;
}

internal readonly struct Constant6 : IConstant
{
    public static int Value => 6;
}

internal readonly struct Constant8 : IConstant
{
    public static int Value => 8;
}

internal readonly struct Constant12 : IConstant
{
    public static int Value => 12;
}
