using System.Buffers;
using System.Globalization;
using System.Text;

namespace Tersor.Models.Safetensors;

/// <summary>
/// Makes headers byte for byte as the reference implementation does: no white space in the JSON, <c>__metadata__</c> first, tensors in the order of
/// their data, only what JSON must escape escaped, spaces up to a multiple of 8 bytes. Metadata keys stand in ordinal order.
/// </summary>
internal sealed class SafetensorsHeaderWriter
{
    private readonly ArrayBufferWriter<byte> _json = new();
    private bool _hasKey;

    /// <summary>Starts a header with the metadata, if there is any.</summary>
    public SafetensorsHeaderWriter(IReadOnlyDictionary<string, string> metadata)
    {
        Append("{");
        if (metadata.Count == 0) return;
        AppendKey(SafetensorsHeader.MetadataKey);
        Append("{");
        bool first = true;
        foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!first) Append(",");
            first = false;
            AppendText(key);
            Append(":");
            AppendText(value);
        }

        Append("}");
    }

    /// <summary>Bytes of data of the tensors so far.</summary>
    public long DataLength { get; private set; }

    /// <summary>Bytes of the file if no tensor followed: prefix, padded JSON, data.</summary>
    public long FileLength => SafetensorsHeader.PrefixLength + PaddedLength(_json.WrittenCount + 1) + DataLength;

    /// <summary>Adds a tensor behind the others.</summary>
    public void Add(Tensor tensor)
    {
        AppendKey(tensor.Name);
        Append("{\"dtype\":\"");
        Append(SafetensorsElementType.NameOf(tensor.ElementType)!);
        Append("\",\"shape\":[");
        for (int i = 0; i < tensor.Shape.Rank; i++)
        {
            if (i > 0) Append(",");
            Append(tensor.Shape[i].ToString(CultureInfo.InvariantCulture));
        }

        long end = checked(DataLength + tensor.ByteLength);
        Append(string.Create(CultureInfo.InvariantCulture, $"],\"data_offsets\":[{DataLength},{end}]}}"));
        DataLength = end;
    }

    /// <summary>Ends the JSON and pads it.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        Append("}");
        int padding = (int)(PaddedLength(_json.WrittenCount) - _json.WrittenCount);
        Append("       "[..padding]);
        return _json.WrittenMemory;
    }

    private static long PaddedLength(long length) => (length + 7) / 8 * 8;

    private void AppendKey(string name)
    {
        if (_hasKey) Append(",");
        _hasKey = true;
        AppendText(name);
        Append(":");
    }

    private void AppendText(string text)
    {
        StringBuilder escaped = new(text.Length + 2);
        escaped.Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => escaped.Append("\\\""),
                '\\' => escaped.Append("\\\\"),
                '\b' => escaped.Append("\\b"),
                '\f' => escaped.Append("\\f"),
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\t' => escaped.Append("\\t"),
                < ' ' => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => escaped.Append(c),
            };
        }

        escaped.Append('"');
        Append(escaped.ToString());
    }

    private void Append(string text) => Encoding.UTF8.GetBytes(text, _json);
}
