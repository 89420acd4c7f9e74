using Microsoft.Win32.SafeHandles;

namespace Tersor.Models.Onnx;

/// <summary>
/// A file of external data, opened anew for every read: a model may have a file per tensor, more than a process may hold open. Each time the file is
/// checked again, so that none can be put in its place.
/// </summary>
internal sealed class ExternalDataFile(string name, long length, Func<string> resolve) : ByteSource
{
    public override string Name => name;

    public override long Length => length;

    public override string FilePath => name;

    public override void Read(long offset, Span<byte> destination)
    {
        if (destination.IsEmpty) return;
        using SafeFileHandle handle = File.OpenHandle(resolve(), FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(handle, destination, offset);
            if (count == 0) throw new ModelFormatException(name, null, offset, "the file became shorter while it was read");
            destination = destination[count..];
            offset += count;
        }
    }
}
