using System.IO.MemoryMappedFiles;

namespace Tersor.Fuzz;

/// <summary>The input at hand, in a mapped file: after a stack overflow or a kill it is still there, where nothing else could have told.</summary>
internal sealed class RunningInput : IDisposable
{
    private const int Capacity = 16 << 20;

    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public RunningInput(string path)
    {
        _path = path;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, Capacity);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Length in four bytes, then the input.</summary>
    public void Set(byte[] input)
    {
        _view.Write(0, input.Length);
        _view.WriteArray(sizeof(int), input, 0, Math.Min(input.Length, Capacity - sizeof(int)));
    }

    /// <summary>What a run that ended in the middle of an input left behind; null if there is nothing.</summary>
    public static byte[]? Left(string path)
    {
        if (!File.Exists(path)) return null;
        using BinaryReader reader = new(File.OpenRead(path));
        int length = reader.ReadInt32();
        return length > 0 ? reader.ReadBytes(length) : null;
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }
}
