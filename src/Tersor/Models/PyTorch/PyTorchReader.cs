using Tersor.Models.Zip;

namespace Tersor.Models.PyTorch;

/// <summary>
/// Reads checkpoints of <c>torch.save</c> since PyTorch 1.6: a zip archive with a pickle that describes dictionaries of tensors and a member per
/// storage. No code of the file is run: its pickle is read as data, and names outside a short list are refused. Tensors stay in the file; views that
/// are not row-major are put in order when read.
/// </summary>
public static class PyTorchReader
{
    private const string PickleName = "/data.pkl";

    /// <summary>
    /// Finds the tensors of a checkpoint. Names are the dictionary keys joined by dots; values that are no tensors are reported and passed over.
    /// Under <see cref="ModelReadOptions.Lenient"/> objects of unknown classes are passed over too (never made), and storages may be longer than
    /// declared.
    /// </summary>
    /// <param name="source">The whole file.</param>
    /// <param name="options">Strictness and limits; strict if null.</param>
    /// <param name="leaveOpen">Whether the source outlives the model; otherwise the model, or a failure here, disposes it.</param>
    /// <exception cref="ModelFormatException">The bytes are malformed. Offsets within a member count from its start.</exception>
    /// <exception cref="UnsupportedModelException">
    /// Not a plain state dictionary, a format before PyTorch 1.6, TorchScript, or tensors of unknown kinds; all are listed.
    /// </exception>
    /// <exception cref="ResourceLimitException">The pickle is larger than the limits or describes too much.</exception>
    public static Model Open(ByteSource source, ModelReadOptions? options = null, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            IReadOnlyList<Tensor> tensors = Read(source, options ?? ModelReadOptions.Default);
            return new Model(PyTorchFormat.FormatName, source.Name, tensors, metadata: null, leaveOpen ? null : [source]);
        }
        catch
        {
            if (!leaveOpen) source.Dispose();
            throw;
        }
    }

    /// <summary>Whether a file starts as a checkpoint: as the archive, or as the older format, which is known in order to advise.</summary>
    internal static bool Matches(ReadOnlySpan<byte> start) => ZipDirectory.FirstNameEndsWith(start, "/data.pkl"u8) || IsLegacy(start);

    private static bool IsLegacy(ReadOnlySpan<byte> start)
    {
        // A pickled magic number of ten bytes, or the tar archives of the first releases.
        ReadOnlySpan<byte> magic = [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19];
        return start.StartsWith(magic) || (start.Length > 262 && start[257..].StartsWith("ustar"u8));
    }

    private static List<Tensor> Read(ByteSource source, ModelReadOptions options)
    {
        RefuseLegacy(source);
        ZipDirectory archive = ZipDirectory.Read(source, options);
        ZipEntry pickle = FindPickle(archive, source);
        string prefix = pickle.Name[..^PickleName.Length];
        if (archive.Find(prefix + "/constants.pkl") is not null)
        {
            throw new UnsupportedModelException(
                source.Name, ["a TorchScript program is not read; save torch.jit.load(..).state_dict() with torch.save"]);
        }

        if (pickle.Length > Math.Min(options.MaxHeaderBytes, Array.MaxLength))
        {
            throw new ResourceLimitException(
                $"{source.Name}: the pickle has {pickle.Length:N0} bytes, at most {options.MaxHeaderBytes:N0} are read.");
        }

        TorchGlobals globals = new();
        PickleValue root = PickleReader.Read(archive.Open(pickle).ReadAll(), source.Name, $"member '{pickle.Name}'", globals);
        ReportRefused(globals, source, options);
        IReadOnlyList<(string Name, TorchTensor Tensor)> found =
            StateDictionary.Flatten(root, source.Name, Path.GetFileNameWithoutExtension(source.Name), options.Warn);
        return new TorchStorages(archive, source, prefix, options).Place(found);
    }

    private static void RefuseLegacy(ByteSource source)
    {
        byte[] start = new byte[Math.Min(512, source.Length)];
        source.Read(0, start);
        if (IsLegacy(start) || (start.Length > 1 && start[0] == 0x80 && start[1] is >= 2 and <= 5))
        {
            throw new UnsupportedModelException(
                source.Name,
                ["a bare pickle or tar archive, as PyTorch wrote before 1.6, is not read; load it in PyTorch and torch.save its state again"]);
        }
    }

    private static ZipEntry FindPickle(ZipDirectory archive, ByteSource source)
    {
        ZipEntry? found = null;
        foreach (ZipEntry entry in archive.Entries)
        {
            int folderLength = entry.Name.IndexOf('/', StringComparison.Ordinal);
            if (folderLength < 0 || entry.Name[folderLength..] != PickleName) continue;
            if (found is not null)
            {
                throw new ModelFormatException(
                    source.Name, $"member '{entry.Name}'", entry.HeaderOffset, $"'{found.Name}' is there too; expected one checkpoint");
            }

            found = entry;
        }

        return found
            ?? throw new ModelFormatException(source.Name, null, 0, "the archive has no member FOLDER/data.pkl; it is no PyTorch checkpoint");
    }

    private static void ReportRefused(TorchGlobals globals, ByteSource source, ModelReadOptions options)
    {
        if (globals.Refused.Count == 0) return;
        if (options.Lenient)
        {
            foreach (string name in globals.Refused) options.Warn?.Invoke($"{source.Name}: passed over what {name} would make");
            return;
        }

        throw new UnsupportedModelException(
            source.Name,
            [
                .. globals.Refused.Select(name => $"not a plain state dict: global {name} is not allowed"),
                "save model.state_dict() with torch.save, or read leniently to pass over such objects",
            ]);
    }
}
