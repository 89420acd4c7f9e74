using System.Buffers.Binary;
using System.Text;

namespace Tersor.Tests.Models.Safetensors;

/// <summary>Lays out files by hand, right or wrong.</summary>
internal static class SafetensorsFile
{
    public static byte[] Of(string json, int dataLength) => Of(Encoding.UTF8.GetBytes(json), new byte[dataLength]);

    public static byte[] Of(byte[] header, byte[] data)
    {
        byte[] file = new byte[8 + header.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        header.CopyTo(file, 8);
        data.CopyTo(file, 8 + header.Length);
        return file;
    }

    public static string Entry(string name, string type, string shape, long start, long end) =>
        $"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{shape}],\"data_offsets\":[{start},{end}]}}";
}
