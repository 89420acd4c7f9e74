namespace Tersor.Models.PyTorch;

/// <summary>
/// The classes and functions that a checkpoint may name, and what applying one to arguments means here. Everything else is refused by name: the names
/// are compared, never looked up, so that no pickle can make this program run anything.
/// </summary>
internal sealed class TorchGlobals
{
    // Enough to see what kind of file it is.
    private const int MaxRefusedNames = 32;
    private const int MaxRank = 64;

    private static readonly Dictionary<string, ElementType> StorageTypes = new(StringComparer.Ordinal)
    {
        ["DoubleStorage"] = ElementType.Float64,
        ["FloatStorage"] = ElementType.Float32,
        ["HalfStorage"] = ElementType.Float16,
        ["BFloat16Storage"] = ElementType.BFloat16,
        ["LongStorage"] = ElementType.Int64,
        ["IntStorage"] = ElementType.Int32,
        ["ShortStorage"] = ElementType.Int16,
        ["CharStorage"] = ElementType.Int8,
        ["ByteStorage"] = ElementType.UInt8,
        ["BoolStorage"] = ElementType.Bool,
        ["ComplexFloatStorage"] = ElementType.Complex64,
        ["ComplexDoubleStorage"] = ElementType.Complex128,
        ["UntypedStorage"] = ElementType.Undefined,
        ["_UntypedStorage"] = ElementType.Undefined,
    };

    private static readonly Dictionary<string, ElementType> DataTypes = new(StringComparer.Ordinal)
    {
        ["float64"] = ElementType.Float64,
        ["float32"] = ElementType.Float32,
        ["float16"] = ElementType.Float16,
        ["bfloat16"] = ElementType.BFloat16,
        ["float8_e4m3fn"] = ElementType.Float8E4M3FN,
        ["float8_e4m3fnuz"] = ElementType.Float8E4M3FNUZ,
        ["float8_e5m2"] = ElementType.Float8E5M2,
        ["float8_e5m2fnuz"] = ElementType.Float8E5M2FNUZ,
        ["float8_e8m0fnu"] = ElementType.Float8E8M0,
        ["int64"] = ElementType.Int64,
        ["int32"] = ElementType.Int32,
        ["int16"] = ElementType.Int16,
        ["int8"] = ElementType.Int8,
        ["uint64"] = ElementType.UInt64,
        ["uint32"] = ElementType.UInt32,
        ["uint16"] = ElementType.UInt16,
        ["uint8"] = ElementType.UInt8,
        ["bool"] = ElementType.Bool,
        ["complex64"] = ElementType.Complex64,
        ["complex128"] = ElementType.Complex128,
    };

    // Allowed because state dictionaries have them, and never more than a value to pass over.
    private static readonly HashSet<string> WithoutTensors = new(StringComparer.Ordinal)
    {
        "torch.device",
        "torch.Tensor",
        "torch.nn.parameter.Parameter",
        "torch.serialization._get_layout",
        "_codecs.encode",
        "builtins.set",
        "builtins.frozenset",
        "builtins.bytearray",
        "builtins.complex",
        "__builtin__.set",
        "__builtin__.frozenset",
        "__builtin__.bytearray",
        "__builtin__.complex",
    };

    private readonly SortedSet<string> _refused = new(StringComparer.Ordinal);

    /// <summary>Names that came up and are not allowed, in order; at most 32.</summary>
    public IReadOnlyCollection<string> Refused => _refused;

    /// <summary>What stands for a name: itself, an element type, or something opaque, noted in <see cref="Refused"/>.</summary>
    public PickleValue Name(string module, string name)
    {
        string fullName = $"{module}.{name}";
        if (module == "torch" && DataTypes.TryGetValue(name, out ElementType type)) return new TorchDataType(type);
        if (IsStorage(fullName, out _) || WithoutTensors.Contains(fullName)) return new PickleGlobal(fullName);
        switch (fullName)
        {
            case "collections.OrderedDict":
            case "collections.Counter":
            case "torch.Size":
            case "torch._utils._rebuild_tensor":
            case "torch._utils._rebuild_tensor_v2":
            case "torch._utils._rebuild_tensor_v3":
            case "torch._utils._rebuild_parameter":
            case "torch._utils._rebuild_parameter_with_state":
            case "torch._tensor._rebuild_from_type_v2":
                return new PickleGlobal(fullName);
            default:
                if (_refused.Count < MaxRefusedNames) _refused.Add(fullName);
                return PickleOpaque.Instance;
        }
    }

    /// <summary>What an allowed name makes of arguments.</summary>
    /// <returns>Null where the arguments are not those that PyTorch writes.</returns>
    public PickleValue? Apply(string name, IReadOnlyList<PickleValue> arguments)
    {
        switch (name)
        {
            case "collections.OrderedDict" or "collections.Counter":
                return arguments switch
                {
                    [] => new PickleDictionary(),
                    [PickleDictionary entries] => entries,
                    [PickleSequence pairs] => DictionaryOf(pairs),
                    _ => null,
                };
            case "torch.Size":
                return arguments is [PickleSequence size] ? new PickleSequence(size.Items, isTuple: true) : null;
            case "torch._utils._rebuild_tensor" when arguments.Count == 4:
                return MakeTensor(arguments, dataType: null, metadata: null);
            case "torch._utils._rebuild_tensor_v2" when arguments.Count is 6 or 7:
                return MakeTensor(arguments, dataType: null, arguments.ElementAtOrDefault(6));
            case "torch._utils._rebuild_tensor_v3" when arguments.Count is 7 or 8 && arguments[6] is TorchDataType or PickleOpaque:
                return MakeTensor(arguments, arguments[6], arguments.ElementAtOrDefault(7));
            case "torch._utils._rebuild_parameter" or "torch._utils._rebuild_parameter_with_state" when arguments.Count is 3 or 4:
                return arguments[0];
            case "torch._tensor._rebuild_from_type_v2":
                // Only the plain rebuilding functions; this one within itself would be recursion without end.
                return arguments is [PickleGlobal function, PickleGlobal type, PickleSequence rest, _]
                    && type.Name is "torch.Tensor" or "torch.nn.parameter.Parameter"
                    && function.Name.StartsWith("torch._utils.", StringComparison.Ordinal)
                    ? Apply(function.Name, rest.Items) : null;
            default:
                return WithoutTensors.Contains(name) ? PickleOpaque.Instance : null;
        }
    }

    /// <summary>
    /// The storage that a persistent id describes: <c>('storage', class, key, device, count)</c>; opaque where its class was refused.
    /// </summary>
    /// <returns>Null where it is none that PyTorch writes.</returns>
    public static PickleValue? StorageOf(PickleValue persistentId)
    {
        if (persistentId is not PickleSequence { Items: [PickleText { Value: "storage" }, var storageClass, var keyText, _, var countNumber, ..] })
            return null;
        if (keyText is not PickleText key || countNumber is not PickleInteger count) return null;
        if (storageClass is PickleOpaque) return storageClass;
        if (storageClass is not PickleGlobal global) return null;
        if (!IsStorage(global.Name, out ElementType type) || count.Value < 0 || count.Value > long.MaxValue / 16) return null;
        return new TorchStorage(type, key.Value, count.Value);
    }

    private static bool IsStorage(string fullName, out ElementType type)
    {
        type = ElementType.Undefined;
        foreach (string module in (ReadOnlySpan<string>)["torch.", "torch.storage.", "torch.cuda."])
        {
            if (fullName.StartsWith(module, StringComparison.Ordinal) && StorageTypes.TryGetValue(fullName[module.Length..], out type)) return true;
        }

        return false;
    }

    private static PickleDictionary? DictionaryOf(PickleSequence pairs)
    {
        PickleDictionary dictionary = new();
        foreach (PickleValue item in pairs.Items)
        {
            if (item is not PickleSequence { Items: [var key, var value] }) return null;
            dictionary.Entries.Add(new(key, value));
        }

        return dictionary;
    }

    private PickleValue? MakeTensor(IReadOnlyList<PickleValue> arguments, PickleValue? dataType, PickleValue? metadata)
    {
        // Storage class or element type were refused, and noted, where they were named.
        if (arguments[0] is PickleOpaque || dataType is PickleOpaque) return PickleOpaque.Instance;
        if (arguments[0] is not TorchStorage storage || arguments[1] is not PickleInteger { Value: >= 0 and var offset }) return null;
        if (NumbersOf(arguments[2]) is not { } sizes || NumbersOf(arguments[3]) is not { } strides || sizes.Length != strides.Length) return null;
        if (metadata is PickleDictionary { Entries.Count: > 0 })
        {
            // Conjugated or negated views: the stored elements are not the tensor's.
            _refused.Add("torch._C._set_tensor_metadata (a conjugated or negated view)");
            return PickleOpaque.Instance;
        }

        ElementType type = dataType is TorchDataType named ? named.ElementType : storage.ElementType;
        if (type == ElementType.Undefined || !TensorShape.TryCountElements(sizes, out _)) return null;
        TensorShape shape = new(sizes);
        long span = StridedElements.Span(shape, strides);
        long available = storage.ByteLength / (type.BitWidth() / 8);
        return span < 0 || offset > available || span > available - offset ? null : new TorchTensor(storage, type, offset, shape, strides);
    }

    private static long[]? NumbersOf(PickleValue value)
    {
        if (value is not PickleSequence { Items: { Count: <= MaxRank } items }) return null;
        long[] numbers = new long[items.Count];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (items[i] is not PickleInteger { Value: >= 0 and var number }) return null;
            numbers[i] = number;
        }

        return numbers;
    }
}
