using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace LargeModel;

/// <summary>The start of a safetensors file: length of the header in eight bytes, then JSON.</summary>
internal static class SafetensorsHeader
{
    public static void Write(Stream destination, int tensors, int side)
    {
        long bytes = (long)side * side * sizeof(float);
        StringBuilder json = new("{");
        for (int i = 0; i < tensors; i++)
        {
            json.Append(
                CultureInfo.InvariantCulture,
                $$"""{{(i > 0 ? "," : "")}}"layer{{i}}.weight":{"dtype":"F32","shape":[{{side}},{{side}}],"data_offsets":[{{i * bytes}},{{(i + 1) * bytes}}]}""");
        }

        json.Append('}');
        while (json.Length % 8 != 0) json.Append(' ');
        byte[] text = Encoding.UTF8.GetBytes(json.ToString());
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, text.Length);
        destination.Write(prefix);
        destination.Write(text);
    }
}
