using System.Buffers.Binary;
using System.Text;

namespace Tersor.Models.PyTorch;

/// <summary>
/// Reads a pickle of protocol 2 to 5 into plain data. The format is a program for a small stack machine; this machine knows no classes, imports
/// nothing and calls nothing. The stack, the marks and the memo live on the heap, so that nesting costs no recursion, and the number of values is
/// limited.
/// </summary>
internal sealed class PickleReader
{
    // A state dictionary has about twenty values per tensor.
    private const int MaxValues = 1 << 22;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlyMemory<byte> _pickle;
    private readonly string _file;
    private readonly string _item;
    private readonly TorchGlobals _globals;
    private readonly List<PickleValue> _stack = [];
    private readonly Stack<int> _marks = new();
    private readonly Dictionary<uint, PickleValue> _memo = [];
    private int _position;
    private int _opcodePosition;
    private int _valueCount;

    private PickleReader(ReadOnlyMemory<byte> pickle, string file, string item, TorchGlobals globals)
    {
        _pickle = pickle;
        _file = file;
        _item = item;
        _globals = globals;
    }

    /// <summary>Reads one pickle that fills the bytes.</summary>
    /// <param name="pickle">The program.</param>
    /// <param name="file">What messages call the file.</param>
    /// <param name="item">What messages call the pickle; offsets count from its start.</param>
    /// <param name="globals">Decides which names mean something, and notes the others.</param>
    /// <exception cref="ModelFormatException">The program is malformed.</exception>
    /// <exception cref="UnsupportedModelException">It uses a protocol or instruction that PyTorch does not write.</exception>
    /// <exception cref="ResourceLimitException">It makes more than four million values.</exception>
    public static PickleValue Read(ReadOnlyMemory<byte> pickle, string file, string item, TorchGlobals globals) =>
        new PickleReader(pickle, file, item, globals).Run();

    private PickleValue Run()
    {
        if (_pickle.Length < 2 || _pickle.Span[0] != 0x80) throw Malformed("a pickle of protocol 2 or later starts with byte 0x80");
        while (true)
        {
            _opcodePosition = _position;
            byte opcode = Take(1)[0];
            if (opcode == (byte)'.') break;
            Execute(opcode);
        }

        if (_stack.Count != 1 || _marks.Count != 0) throw Malformed($"the pickle ends with {_stack.Count} values where one is the result");
        if (_position != _pickle.Length) throw Malformed("bytes follow the end of the pickle");
        return _stack[0];
    }

    // The letters and numbers are those of Python's pickletools.
    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: // PROTO
                byte protocol = Take(1)[0];
                if (protocol is < 2 or > 5) throw Unsupported($"pickle protocol {protocol} is not read, only 2 to 5");
                break;
            case 0x95: // FRAME
                ulong frameLength = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                if (frameLength > (ulong)(_pickle.Length - _position)) throw Malformed("a frame runs past the end");
                break;
            case (byte)'(': // MARK
                _marks.Push(_stack.Count);
                break;
            case (byte)'0': // POP
                if (_marks.Count > 0 && _marks.Peek() == _stack.Count) _marks.Pop();
                else Pop();
                break;
            case (byte)'1': // POP_MARK
                PopToMark();
                break;
            case (byte)'2': // DUP
                PickleValue top = Pop();
                _stack.Add(top);
                Push(top);
                break;

            case (byte)'N': Push(PickleConstant.None); break;
            case 0x88: Push(PickleConstant.True); break;
            case 0x89: Push(PickleConstant.False); break;
            case (byte)'J': Push(new PickleInteger(BinaryPrimitives.ReadInt32LittleEndian(Take(4)))); break;
            case (byte)'K': Push(new PickleInteger(Take(1)[0])); break;
            case (byte)'M': Push(new PickleInteger(BinaryPrimitives.ReadUInt16LittleEndian(Take(2)))); break;
            case 0x8A: PushLong(Take(Take(1)[0])); break; // LONG1
            case 0x8B: PushLong(TakeCounted(4)); break; // LONG4
            case (byte)'G': // BINFLOAT
                Take(8);
                Push(PickleOpaque.Instance);
                break;

            case 0x8C: PushText(TakeCounted(1)); break; // SHORT_BINUNICODE
            case (byte)'X': PushText(TakeCounted(4)); break; // BINUNICODE
            case 0x8D: PushText(TakeCounted(8)); break; // BINUNICODE8
            case (byte)'U': PushText(TakeCounted(1)); break; // SHORT_BINSTRING: texts of Python 2
            case (byte)'T': PushText(TakeCounted(4)); break; // BINSTRING
            case (byte)'C': // SHORT_BINBYTES
                TakeCounted(1);
                Push(PickleOpaque.Instance);
                break;
            case (byte)'B': // BINBYTES
                TakeCounted(4);
                Push(PickleOpaque.Instance);
                break;
            case 0x8E or 0x96: // BINBYTES8, BYTEARRAY8
                TakeCounted(8);
                Push(PickleOpaque.Instance);
                break;

            case (byte)']': Push(new PickleSequence([], isTuple: false)); break;
            case (byte)'l': Push(new PickleSequence(PopToMark(), isTuple: false)); break;
            case (byte)')': Push(new PickleSequence([], isTuple: true)); break;
            case (byte)'t': Push(new PickleSequence(PopToMark(), isTuple: true)); break;
            case 0x85: Push(new PickleSequence(PopLast(1), isTuple: true)); break;
            case 0x86: Push(new PickleSequence(PopLast(2), isTuple: true)); break;
            case 0x87: Push(new PickleSequence(PopLast(3), isTuple: true)); break;
            case (byte)'}': Push(new PickleDictionary()); break;
            case (byte)'d': // DICT
                PickleDictionary dictionary = new();
                SetItems(dictionary, PopToMark());
                Push(dictionary);
                break;
            case 0x8F: Push(PickleOpaque.Instance); break; // EMPTY_SET
            case 0x91: // FROZENSET
                PopToMark();
                Push(PickleOpaque.Instance);
                break;

            case (byte)'a': Append(PopLast(1)); break;
            case (byte)'e': Append(PopToMark()); break;
            case (byte)'s': SetItemsOfTop(PopLast(2)); break;
            case (byte)'u': SetItemsOfTop(PopToMark()); break;
            case 0x90: // ADDITEMS
                PopToMark();
                if (Peek() is not PickleOpaque) throw Malformed("items are added to something that is no set");
                break;

            case (byte)'c': // GLOBAL
                string module = TakeLine();
                Push(_globals.Name(module, TakeLine()));
                break;
            case 0x93: // STACK_GLOBAL
                if (PopLast(2) is not [PickleText moduleText, PickleText nameText]) throw Malformed("a name is made of something that is no text");
                Push(_globals.Name(moduleText.Value, nameText.Value));
                break;
            case (byte)'R': // REDUCE
            case 0x81: // NEWOBJ
                List<PickleValue> call = PopLast(2);
                Push(Apply(call[0], call[1]));
                break;
            case 0x92: // NEWOBJ_EX
                List<PickleValue> keywordCall = PopLast(3);
                if (keywordCall[0] is not PickleOpaque) throw Malformed("an allowed name is called with keywords, which PyTorch does not do");
                Push(PickleOpaque.Instance);
                break;
            case (byte)'b': // BUILD
                Pop();
                if (Peek() is not (PickleOpaque or PickleDictionary or TorchTensor)) throw Malformed("a state is given to something that has none");
                break;
            case (byte)'Q': // BINPERSID
                Push(TorchGlobals.StorageOf(Pop()) ?? throw Malformed("a persistent id is not a storage as PyTorch writes it"));
                break;

            case (byte)'h': Recall(Take(1)[0]); break; // BINGET
            case (byte)'j': Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break; // LONG_BINGET
            case (byte)'q': _memo[Take(1)[0]] = Peek(); break; // BINPUT
            case (byte)'r': _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek(); break; // LONG_BINPUT
            case 0x94: _memo[(uint)_memo.Count] = Peek(); break; // MEMOIZE

            case (byte)'I' or (byte)'L' or (byte)'F' or (byte)'S' or (byte)'V' or (byte)'P' or (byte)'p' or (byte)'g' or (byte)'i' or (byte)'o':
            case 0x82 or 0x83 or 0x84 or 0x97 or 0x98:
                throw Unsupported($"pickle instruction 0x{opcode:X2}, which PyTorch does not write, is not read");
            default:
                throw Malformed($"0x{opcode:X2} is no pickle instruction");
        }
    }

    private PickleValue Apply(PickleValue function, PickleValue arguments)
    {
        if (function is PickleOpaque) return PickleOpaque.Instance;
        if (function is not PickleGlobal global || arguments is not PickleSequence { IsTuple: true } tuple)
            throw Malformed("something that is no function is called");
        return _globals.Apply(global.Name, tuple.Items) ?? throw Malformed($"the arguments of {global.Name} are not those that PyTorch writes");
    }

    private void Append(List<PickleValue> items)
    {
        switch (Peek())
        {
            case PickleSequence { IsTuple: false } list:
                list.Items.AddRange(items);
                break;
            case PickleOpaque:
                break;
            default:
                throw Malformed("items are appended to something that is no list");
        }
    }

    private void SetItemsOfTop(List<PickleValue> keysAndValues)
    {
        switch (Peek())
        {
            case PickleDictionary dictionary:
                SetItems(dictionary, keysAndValues);
                break;
            case PickleOpaque:
                break;
            default:
                throw Malformed("items are set in something that is no dictionary");
        }
    }

    private void SetItems(PickleDictionary dictionary, List<PickleValue> keysAndValues)
    {
        if (keysAndValues.Count % 2 != 0) throw Malformed("a key has no value");
        for (int i = 0; i < keysAndValues.Count; i += 2) dictionary.Entries.Add(new(keysAndValues[i], keysAndValues[i + 1]));
    }

    private void Recall(uint index) =>
        Push(_memo.TryGetValue(index, out PickleValue? value) ? value : throw Malformed($"memo {index} was not set"));

    private void Push(PickleValue value)
    {
        if (++_valueCount > MaxValues)
        {
            throw new ResourceLimitException(
                $"{_file}: {_item}: the pickle makes more than {MaxValues:N0} values; save only the state dictionary, or as safetensors.");
        }

        _stack.Add(value);
    }

    private void PushLong(ReadOnlySpan<byte> littleEndian)
    {
        if (littleEndian.Length > 8)
        {
            Push(PickleOpaque.Instance);
            return;
        }

        Span<byte> widened = stackalloc byte[8];
        widened.Fill(littleEndian.Length > 0 && littleEndian[^1] >= 0x80 ? (byte)0xFF : (byte)0);
        littleEndian.CopyTo(widened);
        Push(new PickleInteger(BinaryPrimitives.ReadInt64LittleEndian(widened)));
    }

    private void PushText(ReadOnlySpan<byte> utf8)
    {
        try
        {
            Push(new PickleText(StrictUtf8.GetString(utf8)));
        }
        catch (DecoderFallbackException)
        {
            // Bytes of Python 2, or half a surrogate: nothing that names a tensor.
            Push(PickleOpaque.Instance);
        }
    }

    // Values before the last mark are out of reach.
    private int Bottom => _marks.Count > 0 ? _marks.Peek() : 0;

    private PickleValue Peek() => _stack.Count > Bottom ? _stack[^1] : throw Malformed("an instruction finds too few values");

    private PickleValue Pop()
    {
        PickleValue value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private List<PickleValue> PopLast(int count)
    {
        if (_stack.Count - count < Bottom) throw Malformed("an instruction finds too few values");
        return Cut(_stack.Count - count);
    }

    private List<PickleValue> PopToMark() => _marks.TryPop(out int mark) ? Cut(mark) : throw Malformed("an instruction finds no mark");

    private List<PickleValue> Cut(int from)
    {
        List<PickleValue> values = _stack.GetRange(from, _stack.Count - from);
        _stack.RemoveRange(from, values.Count);
        return values;
    }

    private ReadOnlySpan<byte> TakeCounted(int countWidth)
    {
        ReadOnlySpan<byte> field = Take(countWidth);
        ulong count = countWidth switch
        {
            1 => field[0],
            4 => BinaryPrimitives.ReadUInt32LittleEndian(field),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(field),
        };
        if (count > (ulong)(_pickle.Length - _position)) throw Malformed($"{count} bytes are declared, {_pickle.Length - _position} follow");
        return Take((int)count);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _pickle.Length - _position) throw Malformed("the pickle ends in the middle of an instruction");
        _position += count;
        return _pickle.Span.Slice(_position - count, count);
    }

    private string TakeLine()
    {
        ReadOnlySpan<byte> rest = _pickle.Span[_position..];
        int length = rest.IndexOf((byte)'\n');
        if (length < 0) throw Malformed("a name has no end");
        _position += length + 1;
        return Encoding.UTF8.GetString(rest[..length]);
    }

    private ModelFormatException Malformed(string problem) => new(_file, _item, _opcodePosition, problem);

    private UnsupportedModelException Unsupported(string problem) =>
        new(_file, [$"{_item}: {problem}; save the state dictionary again with torch.save"]);
}
