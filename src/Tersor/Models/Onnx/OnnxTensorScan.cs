using System.Globalization;

namespace Tersor.Models.Onnx;

/// <summary>Reads one <c>TensorProto</c>: everything but its elements, of which it notes the place and checks the number.</summary>
internal sealed class OnnxTensorScan
{
    private const int MaxRank = 64;
    private const int MaxLocationFields = 64;
    private const int MaxTextBytes = 1 << 16;

    private readonly WireReader _reader;
    private readonly OnnxMessage _message;
    private readonly List<long> _dimensions = [];
    private readonly List<(long Start, long End)> _locationFields = [];
    private readonly Dictionary<string, (string Value, WirePayload Place)> _external = new(StringComparer.Ordinal);
    private long _dataType;
    private bool _isExternal;
    private bool _isSegment;
    private bool _hasTooHighRank;
    private bool _hasShortestVarints = true;
    private long _smallest;
    private long _largest;
    private OnnxEncoding _encoding;
    private WirePayload? _data;
    private long _entries;
    private long _dataFields;
    private bool _isSpread;

    private OnnxTensorScan(WireReader reader, OnnxMessage message)
    {
        _reader = reader;
        _message = message;
    }

    /// <summary>
    /// Reads the message that <paramref name="reader"/> has entered. Null for what is carried along but cannot be listed as a tensor: text, element types
    /// that later versions of ONNX add, segments, more dimensions than arrays have.
    /// </summary>
    /// <param name="reader">Within the message.</param>
    /// <param name="message">Where the message is; receives its name.</param>
    /// <param name="isTopology">Whether elements may be missing, to be joined from elsewhere.</param>
    /// <param name="unlisted">What is carried along, in words; null where all is listed.</param>
    /// <param name="isOutside">Whether what is not listed has its data in another file, so that it cannot be carried along.</param>
    public static OnnxTensorRecord? Read(WireReader reader, OnnxMessage message, bool isTopology, out string? unlisted, out bool isOutside)
    {
        OnnxTensorScan scan = new(reader, message);
        scan.ReadFields();
        unlisted = scan.Unlisted();
        isOutside = unlisted is not null && scan._isExternal;
        return unlisted is null ? scan.Finish(isTopology) : null;
    }

    private string? Unlisted()
    {
        if (_isSegment) return "a segment of a tensor";
        if (_hasTooHighRank) return $"more than {MaxRank} dimensions";
        if (_dataType is > 0 and <= int.MaxValue && ((ElementType)_dataType).BitWidth() > 0) return null;
        return _dataType == (long)ElementType.String ? "text" : string.Create(CultureInfo.InvariantCulture, $"data type {_dataType}");
    }

    private void ReadFields()
    {
        while (_reader.TryReadField(out WireField field))
        {
            switch (field.Number)
            {
                case OnnxFields.Tensor.Dimensions when field.Type == WireType.Varint:
                    AddDimension();
                    break;
                case OnnxFields.Tensor.Dimensions when field.Type == WireType.LengthDelimited:
                    long outer = _reader.Enter(_reader.ReadPayload(field));
                    while (_reader.Position < _reader.Limit) AddDimension();
                    _reader.Leave(outer);
                    break;
                case OnnxFields.Tensor.DataType when field.Type == WireType.Varint:
                    _dataType = (long)_reader.ReadVarint();
                    break;
                case OnnxFields.Tensor.Name when field.Type == WireType.LengthDelimited:
                    _message.Name = _reader.ReadText(field, MaxTextBytes);
                    break;
                case OnnxFields.Tensor.Segment:
                    _isSegment = true;
                    _reader.Skip(field);
                    break;
                case OnnxFields.Tensor.DataLocation when field.Type == WireType.Varint:
                    _isExternal = _reader.ReadVarint() == 1;
                    AddLocationField(field.Start);
                    break;
                case OnnxFields.Tensor.ExternalData when field.Type == WireType.LengthDelimited:
                    ReadExternalEntry(field);
                    AddLocationField(field.Start);
                    break;
                default:
                    OnnxEncoding encoding = OnnxTypedData.OfField(field.Number);
                    if (encoding == OnnxEncoding.None) _reader.Skip(field);
                    else ReadData(field, encoding);
                    break;
            }
        }
    }

    private void AddDimension()
    {
        long dimension = (long)_reader.ReadVarint();
        if (_dimensions.Count == MaxRank) _hasTooHighRank = true;
        else _dimensions.Add(dimension);
    }

    private void AddLocationField(long start)
    {
        if (_locationFields.Count == MaxLocationFields) throw _reader.Malformed(start, $"more than {MaxLocationFields} fields say where the data is");
        _locationFields.Add((start, _reader.Position));
    }

    private void ReadExternalEntry(WireField field)
    {
        long outer = _reader.Enter(_reader.ReadPayload(field));
        string key = "";
        string value = "";
        WirePayload place = default;
        while (_reader.TryReadField(out WireField part))
        {
            if (part is { Number: OnnxFields.Entry.Key, Type: WireType.LengthDelimited })
            {
                key = _reader.ReadText(part, MaxTextBytes);
            }
            else if (part is { Number: OnnxFields.Entry.Value, Type: WireType.LengthDelimited })
            {
                long start = _reader.Position;
                place = _reader.ReadPayload(part);
                _reader.JumpTo(start);
                value = _reader.ReadText(part, MaxTextBytes);
            }
            else
            {
                _reader.Skip(part);
            }
        }

        _external[key] = (value, place);
        _reader.Leave(outer);
    }

    private void ReadData(WireField field, OnnxEncoding encoding)
    {
        bool isRaw = encoding == OnnxEncoding.Raw;
        if (field.Type != WireType.LengthDelimited && (isRaw || !OnnxTypedData.IsEntry(encoding, field.Type)))
        {
            _reader.Skip(field);
            return;
        }

        long entries;
        WirePayload? data = null;
        if (field.Type != WireType.LengthDelimited)
        {
            entries = 1;
            _reader.Skip(field);
        }
        else
        {
            data = _reader.ReadPayload(field);
            entries = CountEntries(data.Value, encoding);
        }

        if (entries > 0 && _entries > 0 && (isRaw || _encoding != encoding))
            throw _reader.Malformed(field.Start, "has more than one field with data; re-export the model");
        _dataFields++;
        _isSpread |= entries > 0 && _entries > 0;
        if (_entries == 0) (_encoding, _data) = (encoding, data);
        _entries += entries;
    }

    /// <summary>Entries of a packed field, or bytes of <c>raw_data</c>; the reader is then behind the field.</summary>
    private long CountEntries(WirePayload data, OnnxEncoding encoding)
    {
        int width = encoding switch
        {
            OnnxEncoding.Raw => 1,
            OnnxEncoding.Float => 4,
            OnnxEncoding.Double => 8,
            _ => 0,
        };
        if (width > 0)
        {
            if (data.Length % width != 0)
                throw _reader.Malformed(data.Start, $"{data.Length} bytes of packed data are not a multiple of {width}; the file is damaged");
            _reader.JumpTo(data.End);
            return data.Length / width;
        }

        // Whether these varints are the ones that stand for elements of the type is told by their range; the type may follow the data.
        long outer = _reader.Enter(data);
        long count = 0;
        while (_reader.Position < _reader.Limit)
        {
            long start = _reader.Position;
            ulong value = _reader.ReadVarint();
            _hasShortestVarints &= _reader.Position - start == Varint.Width(value);
            _smallest = Math.Min(_smallest, (long)value);
            _largest = Math.Max(_largest, (long)value);
            count++;
        }

        _reader.Leave(outer);
        return count;
    }

    private OnnxTensorRecord Finish(bool isTopology)
    {
        ElementType type = (ElementType)_dataType;
        if (!TensorShape.TryCountElements(_dimensions.ToArray(), out long count) || count > long.MaxValue / 16)
        {
            throw _reader.Malformed(
                _message.Payload.FieldStart, $"dimensions {string.Join('x', _dimensions)} are negative or too large; the file is damaged");
        }

        TensorShape shape = new(_dimensions.ToArray());
        long bytes = type.ByteLength(count);
        OnnxExternalData? external = _isExternal ? FindExternal(bytes) : null;
        bool isElsewhere = external is not null && _entries == 0;
        bool isPlaceholder = isTopology && _entries == 0 && bytes > 0;
        if (!isElsewhere && !isPlaceholder) CheckEntries(type, shape, bytes, external is not null, isTopology);
        return new OnnxTensorRecord
        {
            Message = _message,
            ElementType = type,
            Shape = shape,
            Encoding = isElsewhere ? OnnxEncoding.External : _encoding,
            Data = _isSpread ? null : _data,
            IsCanonical = _dataFields == 1 && OnnxTypedData.Allows(_encoding, type)
                && (!OnnxTypedData.IsVarint(_encoding) || (_hasShortestVarints && OnnxTypedData.HoldsRange(type, _smallest, _largest))),
            IsPlaceholder = isPlaceholder,
            External = external,
            LocationFields = _locationFields,
        };
    }

    private void CheckEntries(ElementType type, TensorShape shape, long bytes, bool isExternal, bool isTopology)
    {
        long start = _message.Payload.FieldStart;
        bool isRaw = _encoding is OnnxEncoding.Raw or OnnxEncoding.None;
        if (isExternal && !(isTopology && isRaw))
            throw _reader.Malformed(start, "says that its data is in another file, and has data; re-export the model");
        if (_entries > 0 && !OnnxTypedData.Allows(_encoding, type))
            throw _reader.Malformed(start, $"{type.Name()} elements in {_encoding} data, where onnx.proto does not allow them; re-export the model");
        long wanted = isRaw ? bytes : bytes / OnnxTypedData.EntryBytes(_encoding, type);
        if (_entries == wanted) return;
        throw _reader.Malformed(
            _data?.Start ?? start,
            $"{type.Name()} {shape} takes {wanted} {(isRaw ? "bytes" : "entries")}, found {_entries}; the file is damaged or its weights were stripped");
    }

    private OnnxExternalData FindExternal(long bytes)
    {
        long start = _message.Payload.FieldStart;
        if (!_external.TryGetValue("location", out (string Value, WirePayload Place) location) || location.Value.Length == 0)
            throw _reader.Malformed(start, "says that its data is in another file, and not in which");
        long offset = Number("offset") ?? 0;
        long length = Number("length") ?? bytes;
        if (length != bytes) throw _reader.Malformed(start, $"its type and shape take {bytes} bytes, its external data has {length}");
        if (offset > long.MaxValue - length) throw _reader.Malformed(start, $"external data at {offset} is out of range");
        WirePayload? checksum = null;
        string? checksumText = null;
        if (_external.TryGetValue("checksum", out (string Value, WirePayload Place) sum)) (checksum, checksumText) = (sum.Place, sum.Value);
        return new OnnxExternalData(location.Value, offset, checksum, checksumText);
    }

    private long? Number(string key)
    {
        if (!_external.TryGetValue(key, out (string Value, WirePayload Place) entry)) return null;
        if (long.TryParse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) return number;
        throw _reader.Malformed(entry.Place.Start, $"the {key} of external data is '{entry.Value}', not a number of bytes");
    }
}
