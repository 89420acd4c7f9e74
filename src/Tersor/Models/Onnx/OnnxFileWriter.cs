using System.Globalization;
using System.Text;

namespace Tersor.Models.Onnx;

/// <summary>Writes a model as a file, and the files of external data that its layout asks for. All appear, the model last, or none.</summary>
internal sealed class OnnxFileWriter
{
    /// <summary>Smaller tensors stay inside: runtimes look at them to infer shapes, and the place of the data would take more than the data.</summary>
    private const long SmallestOutside = 1024;

    private readonly OnnxModel _model;
    private readonly string _path;
    private readonly ModelWriteOptions _options;
    private readonly IProgress<ModelProgress>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly long _maxMessageBytes;

    private OnnxFileWriter(
        OnnxModel model,
        string path,
        ModelWriteOptions options,
        long maxMessageBytes,
        IProgress<ModelProgress>? progress,
        CancellationToken cancellationToken)
    {
        _model = model;
        _path = Path.GetFullPath(path);
        _options = options;
        _progress = progress;
        _cancellationToken = cancellationToken;
        _maxMessageBytes = maxMessageBytes;
    }

    private string DataFileName => Path.GetFileName(_path) + ".data";

    public static void Write(
        OnnxModel model,
        string path,
        ModelWriteOptions options,
        IProgress<ModelProgress>? progress,
        CancellationToken cancellationToken,
        long maxMessageBytes = OnnxWriter.MaxMessageBytes)
    {
        OnnxFileWriter writer = new(model, path, options, maxMessageBytes, progress, cancellationToken);
        List<ExternalDataPlacement> outside = writer.Place();
        if (options.ExternalData == ExternalDataLayout.Preserve) writer.KeepFilesOfOthers(outside);
        long total = writer.Splice(outside).Length;
        if (total > maxMessageBytes && options.ExternalData == ExternalDataLayout.Preserve)
        {
            writer.MoveLargeOutside(outside);
            total = writer.Splice(outside).Length;
        }

        writer.CheckLength(total);
        writer.WriteFiles(outside, total + outside.Sum(tensor => tensor.Tensor.ByteLength));
    }

    private void CheckLength(long length)
    {
        if (length <= _maxMessageBytes) return;
        throw new ResourceLimitException(
            $"{_path}: the model would take {length:N0} bytes, protobuf readers accept {_maxMessageBytes:N0}; "
            + (_options.ExternalData == ExternalDataLayout.Inline ? "write its weights to external data." : "its weights cannot be moved out of it."));
    }

    private List<ExternalDataPlacement> Place()
    {
        List<ExternalDataPlacement> outside = [];
        for (int i = 0; i < _model.Tensors.Count; i++)
        {
            Tensor tensor = _model.Tensors[i];
            OnnxTensorRecord record = _model.RecordOf(tensor);
            switch (_options.ExternalData)
            {
                case ExternalDataLayout.Preserve when record.External is { } external:
                    outside.Add(new ExternalDataPlacement(tensor, record, external.Location, external.Offset));
                    break;
                case ExternalDataLayout.OneFile when IsForOutside(tensor, record):
                    outside.Add(new ExternalDataPlacement(tensor, record, DataFileName, null));
                    break;
                case ExternalDataLayout.PerTensor when IsForOutside(tensor, record):
                    outside.Add(new ExternalDataPlacement(tensor, record, FileNameOf(tensor, i), null));
                    break;
                default:
                    break;
            }
        }

        return outside;
    }

    /// <summary>
    /// A data file that is there already is written over only if the model that is replaced has its weights there, or if it bears the name of the new one: else it
    /// belongs to another model, and the weights go to a file named after the new one.
    /// </summary>
    private void KeepFilesOfOthers(List<ExternalDataPlacement> outside)
    {
        ExternalDataFolder folder = new(Path.GetDirectoryName(_path)!, _path);
        HashSet<string>? own = null;
        for (int i = 0; i < outside.Count; i++)
        {
            string path = PathOf(folder, outside[i]);
            if (!File.Exists(path) || (own ??= OwnDataFiles(folder)).Contains(path)) continue;
            outside[i] = new ExternalDataPlacement(outside[i].Tensor, outside[i].Record, DataFileName, null);
        }
    }

    private HashSet<string> OwnDataFiles(ExternalDataFolder folder)
    {
        HashSet<string> own = new([Path.Combine(Path.GetDirectoryName(_path)!, DataFileName)], StringComparer.Ordinal);
        if (!File.Exists(_path)) return own;
        try
        {
            using OnnxModel replaced = OnnxModel.Open(_path);
            foreach (Tensor tensor in replaced.Tensors)
            {
                if (replaced.RecordOf(tensor).External is { } external) own.Add(folder.Resolve(external.Location, $"tensor '{tensor.Name}'", place: -1, ModelReadOptions.Default));
            }
        }
        catch (Exception unreadable) when (unreadable is ModelFormatException or UnsupportedModelException or ResourceLimitException)
        {
            // Whatever is replaced there has no weights in other files that could be known.
        }

        return own;
    }

    private void MoveLargeOutside(List<ExternalDataPlacement> outside)
    {
        HashSet<string> taken = new(outside.Select(tensor => tensor.Location), StringComparer.OrdinalIgnoreCase);
        string location = DataFileName;
        for (int i = 2; !taken.Add(location); i++) location = string.Create(CultureInfo.InvariantCulture, $"{DataFileName}.{i}");
        foreach (Tensor tensor in _model.Tensors)
        {
            OnnxTensorRecord record = _model.RecordOf(tensor);
            if (record.External is null && IsForOutside(tensor, record)) outside.Add(new ExternalDataPlacement(tensor, record, location, null));
        }
    }

    private static bool IsForOutside(Tensor tensor, OnnxTensorRecord record) =>
        tensor.ByteLength >= SmallestOutside && OnnxTensorEdits.CanMoveOutside(record)
        && record.Message.Parent is OnnxMessage { Kind: not OnnxMessageKind.SparseTensor };

    /// <summary>Such as <c>model.onnx.00012.layer1.weight.data</c>: the number makes it unique, the name is for people.</summary>
    private string FileNameOf(Tensor tensor, int index)
    {
        const int MostCharacters = 80;
        StringBuilder name = new();
        foreach (char c in tensor.Name.AsSpan(0, Math.Min(tensor.Name.Length, MostCharacters))) name.Append(char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '_');
        return string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(_path)}.{index:d5}.{name}.data");
    }

    private WireSplice Splice(List<ExternalDataPlacement> outside)
    {
        WireSplice splice = _model.NewSplice();
        Dictionary<string, ExternalDataPlacement> places = outside.ToDictionary(tensor => tensor.Record.Name, StringComparer.Ordinal);
        foreach (Tensor tensor in _model.Tensors)
        {
            OnnxTensorRecord record = _model.RecordOf(tensor);
            if (!places.TryGetValue(record.Name, out ExternalDataPlacement? place)) OnnxTensorEdits.Inline(splice, record, tensor.Data);
            else OnnxTensorEdits.MoveOutside(splice, record, place.Location, place.Offset);
        }

        return splice;
    }

    private void WriteFiles(List<ExternalDataPlacement> outside, long total)
    {
        List<(string Path, List<ExternalDataPlacement> Tensors)> dataFiles = DataFiles(outside);
        List<PendingFile> files = [];
        List<string> committed = [];
        try
        {
            PendingFile modelFile = new(_path, _options.Overwrite);
            files.Add(modelFile);
            Dictionary<string, string> checksums = WriteData(dataFiles, files, total);
            WireSplice splice = Splice(outside);
            foreach (ExternalDataPlacement tensor in dataFiles.SelectMany(file => file.Tensors)) RenewChecksum(splice, tensor, checksums);
            CheckLength(splice.Length);
            long dataBytes = total - splice.Length;
            splice.WriteTo(
                modelFile.Stream, (item, done) => _progress?.Report(new ModelProgress("write", item ?? _path, dataBytes + done, total)), _cancellationToken);
            modelFile.Close();
            for (int i = 1; i < files.Count; i++)
            {
                files[i].Commit();
                committed.Add(dataFiles[i - 1].Path);
            }

            modelFile.Commit();
        }
        catch when (!_options.Overwrite)
        {
            foreach (string path in committed) File.Delete(path);
            throw;
        }
        finally
        {
            foreach (PendingFile file in files) file.Dispose();
        }
    }

    /// <summary>
    /// The data files to write by their real paths, each checked before anything is written. A file that the model is read from may hold weights of other models
    /// too: it is left as it is where it has all that is wanted of it, and never replaced.
    /// </summary>
    private List<(string Path, List<ExternalDataPlacement> Tensors)> DataFiles(List<ExternalDataPlacement> outside)
    {
        ExternalDataFolder folder = new(Path.GetDirectoryName(_path)!, _path);
        List<(string Path, List<ExternalDataPlacement> Tensors)> files = [];
        HashSet<string> read = [.. _model.Tensors.Select(tensor => tensor.Data.FilePath).OfType<string>().Select(PendingFile.TargetOf)];
        foreach (IGrouping<string, ExternalDataPlacement> group in outside.GroupBy(tensor => PathOf(folder, tensor), StringComparer.Ordinal))
        {
            if (!_options.Overwrite && File.Exists(group.Key))
                throw new IOException($"{group.Key}: exists already; pass --force to replace it, or choose another folder or layout of external data");
            if (!read.Contains(group.Key)) files.Add((group.Key, [.. group]));
            else if (!ExternalDataWriter.AreThere(group.Key, group, _cancellationToken))
                throw new IOException($"{group.Key}: {_model.Source} has its weights there; choose another name, folder or layout of external data");
        }

        return files;
    }

    private Dictionary<string, string> WriteData(
        List<(string Path, List<ExternalDataPlacement> Tensors)> dataFiles, List<PendingFile> files, long total)
    {
        Dictionary<string, string> checksums = new(StringComparer.Ordinal);
        long done = 0;
        foreach ((string path, List<ExternalDataPlacement> tensors) in dataFiles)
        {
            PendingFile file = new(path, _options.Overwrite);
            files.Add(file);
            ExternalDataWriter.Write(
                tensors, file.Stream, (item, bytes) => _progress?.Report(new ModelProgress("write", item, done += bytes, total)), _cancellationToken);
            if (tensors.Any(tensor => tensor.Record.External?.Checksum is not null))
            {
                string checksum = ExternalDataWriter.Checksum(file.Stream);
                foreach (ExternalDataPlacement tensor in tensors) checksums[tensor.Location] = checksum;
            }

            file.Close();
        }

        return checksums;
    }

    private string PathOf(ExternalDataFolder folder, ExternalDataPlacement tensor)
    {
        string item = $"tensor '{tensor.Tensor.Name}'";
        string path = folder.Resolve(tensor.Location, item, place: -1, ModelReadOptions.Default);
        if (!string.Equals(path, folder.Resolve(Path.GetFileName(_path), item, place: -1, ModelReadOptions.Default), StringComparison.OrdinalIgnoreCase)) return path;
        throw new ModelFormatException(_path, item, -1, "its data would be in the model file itself; choose another layout of external data");
    }

    /// <summary>A checksum that stays beside data that changed would be wrong. One in another form than ONNX defines is left alone.</summary>
    private static void RenewChecksum(WireSplice splice, ExternalDataPlacement tensor, Dictionary<string, string> checksums)
    {
        OnnxExternalData? external = tensor.Record.External;
        if (external?.Checksum is not { } place || external.Location != tensor.Location || external.Offset != tensor.Offset) return;
        string old = external.ChecksumText!;
        string renewed = checksums[tensor.Location];
        if (!ExternalDataChecksums.IsChecksum(old)) return;
        if (old.Any(char.IsAsciiHexDigitUpper)) renewed = renewed.ToUpperInvariant();
        if (renewed != old) splice.ReplacePayload(tensor.Record.Message, place, ByteSource.FromMemory(Encoding.UTF8.GetBytes(renewed)), null);
    }
}
