using System.Globalization;
using System.Text;

namespace Tersor.Models.Npz;

/// <summary>
/// Parses the dictionary literal of an array header, and nothing else of Python: the keys <c>descr</c>, <c>fortran_order</c> and <c>shape</c>, each
/// once, in any order; texts in single or double quotes without escapes; whole numbers (an <c>L</c> behind them, as Python 2 wrote, is fine).
/// </summary>
internal ref struct NpyHeaderText
{
    // As in NumPy 2; version 1 has 32.
    private const int MaxRank = 64;

    private readonly ReadOnlySpan<byte> _text;
    private readonly string _file;
    private readonly string? _item;
    private readonly int _fileOffset;
    private readonly bool _isUtf8;
    private int _position;

    /// <summary>Prepares to parse.</summary>
    public NpyHeaderText(ReadOnlySpan<byte> text, string file, string? item, int fileOffset, bool isUtf8)
    {
        _text = text;
        _file = file;
        _item = item;
        _fileOffset = fileOffset;
        _isUtf8 = isUtf8;
        _position = 0;
    }

    /// <summary>Parses the whole text.</summary>
    /// <exception cref="ModelFormatException">It is not such a dictionary.</exception>
    public NpyHeader Parse(long dataOffset)
    {
        string? descriptor = null;
        bool? isFortranOrder = null;
        long[]? shape = null;
        bool isStructured = false;
        Expect('{');
        while (!TryTake('}'))
        {
            int keyPosition = _position;
            string key = ReadText();
            Expect(':');
            switch (key)
            {
                case "descr" when descriptor is null && !isStructured:
                    isStructured = Peek() == '[';
                    if (isStructured) SkipList();
                    else descriptor = ReadText();
                    break;
                case "fortran_order" when isFortranOrder is null:
                    isFortranOrder = ReadTruth();
                    break;
                case "shape" when shape is null:
                    shape = ReadShape();
                    break;
                default:
                    throw Malformed(keyPosition, $"the key '{key}' is unknown or occurs twice; expected descr, fortran_order and shape, once each");
            }

            if (TryTake(',')) continue;
            Expect('}');
            break;
        }

        SkipSpace();
        if (_position < _text.Length) throw Malformed(_position, "something follows the dictionary");
        if ((descriptor is null && !isStructured) || isFortranOrder is null || shape is null)
            throw Malformed(0, "descr, fortran_order and shape are all needed");
        return new NpyHeader(descriptor, isFortranOrder.Value, shape, dataOffset);
    }

    private long[] ReadShape()
    {
        List<long> dimensions = [];
        Expect('(');
        while (!TryTake(')'))
        {
            if (dimensions.Count == MaxRank) throw Malformed(_position, $"the shape has more than {MaxRank} dimensions");
            dimensions.Add(ReadNumber());
            if (TryTake(',')) continue;
            Expect(')');
            break;
        }

        return [.. dimensions];
    }

    private long ReadNumber()
    {
        SkipSpace();
        int start = _position;
        while (_position < _text.Length && char.IsAsciiDigit((char)_text[_position])) _position++;
        if (!long.TryParse(_text[start.._position], NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            throw Malformed(start, "expected a whole number from 0 to 2^63 - 1");
        if (_position < _text.Length && _text[_position] == (byte)'L') _position++;
        return number;
    }

    private bool ReadTruth()
    {
        SkipSpace();
        foreach (bool value in (ReadOnlySpan<bool>)[false, true])
        {
            ReadOnlySpan<byte> word = value ? "True"u8 : "False"u8;
            if (!_text[_position..].StartsWith(word)) continue;
            _position += word.Length;
            return value;
        }

        throw Malformed(_position, "expected True or False");
    }

    private string ReadText()
    {
        SkipSpace();
        int start = _position;
        if (start == _text.Length || _text[start] is not ((byte)'\'' or (byte)'"')) throw Malformed(start, "expected a text in quotes");
        int length = _text[(start + 1)..].IndexOf(_text[start]);
        if (length < 0) throw Malformed(start, "a text has no closing quote");
        ReadOnlySpan<byte> content = _text.Slice(start + 1, length);
        if (content.Contains((byte)'\\')) throw Malformed(start, "escapes in texts are not read");
        _position = start + length + 2;
        return (_isUtf8 ? Encoding.UTF8 : Encoding.Latin1).GetString(content);
    }

    // The list of fields of a structured type, which no tensor has: only its end matters.
    private void SkipList()
    {
        int start = _position;
        int depth = 0;
        do
        {
            switch (Peek())
            {
                case '[' or '(':
                    depth++;
                    _position++;
                    break;
                case ']' or ')':
                    depth--;
                    _position++;
                    break;
                case '\'' or '"':
                    ReadText();
                    break;
                case '\0':
                    throw Malformed(start, "the list of fields does not end");
                default:
                    _position++;
                    break;
            }
        }
        while (depth > 0);
    }

    private char Peek()
    {
        SkipSpace();
        return _position < _text.Length ? (char)_text[_position] : '\0';
    }

    private bool TryTake(char expected)
    {
        if (Peek() != expected) return false;
        _position++;
        return true;
    }

    private void Expect(char expected)
    {
        if (!TryTake(expected)) throw Malformed(_position, $"expected '{expected}' in the header dictionary");
    }

    private void SkipSpace()
    {
        while (_position < _text.Length && _text[_position] is (byte)' ' or (byte)'\n') _position++;
    }

    private readonly ModelFormatException Malformed(int position, string problem) => new(_file, _item, _fileOffset + position, problem);
}
