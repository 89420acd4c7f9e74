using Tersor.Models;
using Tersor.Models.PyTorch;
using Tersor.Models.Zip;

namespace Tersor.Tests.Models.PyTorch;

/// <summary>Packs pickles and storages as <c>torch.save</c> does.</summary>
internal static class Checkpoint
{
    public static byte[] Of(byte[] pickle, params (string Name, byte[] Content)[] members)
    {
        MemoryStream stream = new();
        ZipWriter archive = new(stream);
        archive.Add("archive/data.pkl", pickle.Length, member => member.Write(pickle));
        foreach ((string name, byte[] content) in members) archive.Add("archive/" + name, content.Length, member => member.Write(content));
        archive.Finish();
        return stream.ToArray();
    }

    public static Model Open(byte[] file, ModelReadOptions? options = null) => PyTorchReader.Open(ByteSource.FromMemory(file, "lone.pt"), options);

    /// <summary>Bytes of consecutive small integers as binary32.</summary>
    public static byte[] Singles(int count)
    {
        byte[] bytes = new byte[count * 4];
        for (int i = 0; i < count; i++) BitConverter.TryWriteBytes(bytes.AsSpan(i * 4), (float)i);
        return bytes;
    }
}
