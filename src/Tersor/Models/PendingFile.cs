namespace Tersor.Models;

/// <summary>
/// A file in the making: written beside its final name and moved there by <see cref="Commit"/> when whole. Disposing without a commit removes it.
/// What a link leads to is replaced, not the link.
/// </summary>
public sealed class PendingFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporaryPath;
    private readonly bool _overwrite;
    private bool _committed;

    /// <summary>Starts the file; the folder is made where missing.</summary>
    /// <exception cref="IOException">The target exists and <paramref name="overwrite"/> is false, it is no regular file, or the folder cannot be written.</exception>
    public PendingFile(string path, bool overwrite)
    {
        ArgumentNullException.ThrowIfNull(path);
        _path = TargetOf(path);
        _overwrite = overwrite;
        if (Directory.Exists(_path)) throw new IOException($"{path}: is a folder; name a file");
        if (!CanReplace(_path)) throw new IOException($"{path}: is a device or a pipe; name a file");
        if (!overwrite && File.Exists(_path)) throw new IOException($"{path}: exists already; pass --force to replace it");
        string folder = Path.GetDirectoryName(_path) ?? ".";
        Directory.CreateDirectory(folder);
        _temporaryPath = Path.Combine(folder, $".{Path.GetFileName(_path)}.{Environment.ProcessId}.tmp");
        Stream = new FileStream(_temporaryPath, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, 1 << 16);
    }

    /// <summary>Where the content goes; seekable.</summary>
    public FileStream Stream { get; }

    /// <summary>The full path of the file that is replaced where a path is written to: what it leads to, if it is a link.</summary>
    public static string TargetOf(string path)
    {
        string full = Path.GetFullPath(path);
        return File.Exists(full) && File.ResolveLinkTarget(full, returnFinalTarget: true) is { } target ? target.FullName : full;
    }

    /// <summary>Whether a path is free or that of a regular file, which can be read at offsets and replaced: not of a folder, a device, a pipe or a socket.</summary>
    public static bool CanReplace(string path) => FileStatus.Of(path).IsRegular;

    /// <summary>Flushes to disk and closes the stream, so that many files can wait for their commit without being open.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    public void Close()
    {
        if (!Stream.CanWrite) return;
        Stream.Flush(flushToDisk: true);
        Stream.Dispose();
    }

    /// <summary>Flushes to disk and gives the file its name.</summary>
    /// <exception cref="IOException">The disk is full, or the target appeared meanwhile.</exception>
    public void Commit()
    {
        Close();
        File.Move(_temporaryPath, _path, _overwrite);
        _committed = true;
    }

    /// <summary>Removes the file unless it was committed.</summary>
    public void Dispose()
    {
        if (_committed) return;
        try
        {
            Stream.Dispose();
        }
        catch (Exception refusal) when (refusal is IOException or ArgumentOutOfRangeException)
        {
            // A full disk refuses the last flush too, and so does a limit on the size of files, as a wrong argument; the file is removed anyway.
        }

        File.Delete(_temporaryPath);
    }
}
