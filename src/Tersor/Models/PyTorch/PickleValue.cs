namespace Tersor.Models.PyTorch;

/// <summary>What a pickle describes, as plain data. Nothing here is a live object of another program, and making one runs none of its code.</summary>
internal abstract class PickleValue;

/// <summary><c>None</c>, <c>True</c>, <c>False</c>.</summary>
internal sealed class PickleConstant : PickleValue
{
    public static readonly PickleConstant None = new();
    public static readonly PickleConstant True = new();
    public static readonly PickleConstant False = new();

    private PickleConstant()
    {
    }
}

/// <summary>A whole number of 64 bits.</summary>
internal sealed class PickleInteger(long value) : PickleValue
{
    public long Value => value;
}

/// <summary>A text.</summary>
internal sealed class PickleText(string value) : PickleValue
{
    public string Value => value;
}

/// <summary>A list or a tuple.</summary>
internal sealed class PickleSequence(List<PickleValue> items, bool isTuple) : PickleValue
{
    public List<PickleValue> Items => items;

    public bool IsTuple => isTuple;
}

/// <summary>A dictionary, plain or ordered, with its entries in the order in which they were set; keys are not compared.</summary>
internal sealed class PickleDictionary : PickleValue
{
    public List<KeyValuePair<PickleValue, PickleValue>> Entries { get; } = [];
}

/// <summary>The name of a class or function, which is never looked up.</summary>
internal sealed class PickleGlobal(string name) : PickleValue
{
    /// <summary>Module and name with a dot between.</summary>
    public string Name => name;
}

/// <summary>Something that holds no tensor this reader could use: a real number, bytes, a set, an object of a class that is not allowed.</summary>
internal sealed class PickleOpaque : PickleValue
{
    public static readonly PickleOpaque Instance = new();

    private PickleOpaque()
    {
    }
}
