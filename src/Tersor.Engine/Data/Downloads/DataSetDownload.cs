using System.Formats.Tar;
using System.IO.Compression;
using Tersor.Models;

namespace Tersor.Engine.Data;

/// <summary>Brings a published data set into a folder, where <see cref="DataSource"/> reads it. What is there already is not fetched again.</summary>
public sealed class DataSetDownload
{
    private readonly PublishedDataSet _set;
    private readonly string _folder;
    private readonly HttpClient _client;

    /// <summary>Prepares the download.</summary>
    /// <param name="set">What to fetch.</param>
    /// <param name="folder">Where it goes; made when the first bytes come.</param>
    /// <param name="client">Who asks.</param>
    public DataSetDownload(PublishedDataSet set, string folder, HttpClient client)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(client);
        (_set, _folder, _client) = (set, folder, client);
    }

    /// <summary>The files that are there under their names but hold something else, which a download would replace.</summary>
    public IReadOnlyList<string> Conflicts(CancellationToken cancellationToken = default) =>
        [.. _set.Files.Select(PathOf).Where((path, i) => File.Exists(path) && !_set.Files[i].IsAt(path, cancellationToken))];

    /// <summary>The files that are not there as published.</summary>
    public IReadOnlyList<PublishedFile> Missing(CancellationToken cancellationToken = default) => [.. _set.Files.Where(file => !file.IsAt(PathOf(file), cancellationToken))];

    /// <summary>Fetches what is missing. Each file appears under its name only when it is whole and has the published SHA-256.</summary>
    /// <param name="progress">Told of the bytes that have come.</param>
    /// <param name="cancellationToken">Ends the download; what has come stays for the next one.</param>
    /// <returns>The files that were fetched; none where all were there.</returns>
    /// <exception cref="DownloadException">A file could not be fetched or is not the published one.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public async Task<IReadOnlyList<PublishedFile>> RunAsync(IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<PublishedFile> missing = Missing(cancellationToken);
        if (missing.Count == 0) return missing;
        FileDownload download = new(_client, progress);
        if (_set.Archive is not { } archive)
        {
            foreach (PublishedFile file in missing) await download.FetchAsync(file, _set.Places, PathOf(file), cancellationToken).ConfigureAwait(false);
            return missing;
        }

        string path = PathOf(archive);
        if (!archive.IsAt(path, cancellationToken)) await download.FetchAsync(archive, _set.Places, path, cancellationToken).ConfigureAwait(false);
        Unpack(path, missing, progress, cancellationToken);
        File.Delete(path);
        return missing;
    }

    private string PathOf(PublishedFile file) => Path.Combine(_folder, file.Name);

    private void Unpack(string path, IReadOnlyList<PublishedFile> wanted, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        Dictionary<string, PublishedFile> left = wanted.ToDictionary(file => file.Name, StringComparer.Ordinal);
        using FileStream file = File.OpenRead(path);
        using GZipStream unpacked = new(file, CompressionMode.Decompress);
        using TarReader archive = new(unpacked);
        while (left.Count > 0 && archive.GetNextEntry() is { } entry)
        {
            // By name alone, whatever folder it lies in: nothing is written anywhere else.
            if (entry.DataStream is null || !left.Remove(Path.GetFileName(entry.Name), out PublishedFile? found)) continue;
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new ModelProgress("unpack", found.Name, file.Position, file.Length));
            using PendingFile pending = new(PathOf(found), overwrite: true);
            entry.DataStream.CopyTo(pending.Stream);
            pending.Commit();
            if (!found.IsAt(PathOf(found), cancellationToken)) throw new DownloadException($"{path}: '{entry.Name}' is not the published file", isDamaged: true);
        }

        if (left.Count > 0) throw new DownloadException($"{path}: {string.Join(", ", left.Keys)} not in the archive", isDamaged: true);
    }
}
