using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Sockets;
using System.Security.Cryptography;
using Tersor.Engine.Data;
using Tersor.Models;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Data;

public sealed class DataSetDownloadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalServer _server = new();
    private readonly HttpClient _client = new();
    private readonly byte[] _images = Noise(1, 200_000);
    private readonly byte[] _labels = Noise(2, 1_000);

    public DataSetDownloadTests()
    {
        _server.Files["images.gz"] = _images;
        _server.Files["labels.gz"] = _labels;
    }

    private string Folder => _folder["set"];

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task All_files_come_and_their_bytes_are_reported()
    {
        List<ModelProgress> progress = [];
        IReadOnlyList<PublishedFile> fetched = await Download(Set()).RunAsync(new Collect(progress));

        Assert.Equal(["images.gz", "labels.gz"], fetched.Select(file => file.Name));
        AssertWhole();
        Assert.Contains(new ModelProgress("download", "images.gz", 200_000, 200_000), progress);
        Assert.Equal(new ModelProgress("download", "labels.gz", 1_000, 1_000), progress[^1]);
    }

    [Fact]
    public async Task What_is_there_is_not_fetched_again()
    {
        await Download(Set()).RunAsync();
        File.Delete(Path.Combine(Folder, "labels.gz"));

        Assert.Equal(["labels.gz"], (await Download(Set()).RunAsync()).Select(file => file.Name));
        Assert.Empty(await Download(Set()).RunAsync());
        Assert.Equal(["images.gz", "labels.gz", "labels.gz"], _server.Requests);
    }

    [Fact]
    public async Task A_connection_that_ends_early_is_taken_up_where_it_ended()
    {
        _server.Truncation = (70_000, 2);

        await Download(Set()).RunAsync();

        AssertWhole();
        Assert.Equal(["images.gz", "images.gz from 70000", "images.gz from 140000", "labels.gz"], _server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_ends_early_again_and_again_is_reported_and_a_later_download_goes_on(bool saysLength)
    {
        _server.SaysLength = saysLength;
        _server.Truncation = (10_000, 3);

        DownloadException failure = await Assert.ThrowsAsync<DownloadException>(() => Download(Set()).RunAsync());

        Assert.Equal($"{_server.Address}images.gz: the connection ended after 30,000 of 200,000 bytes, which are kept", failure.Message);
        Assert.False(failure.IsDamaged);
        Assert.Equal(["images.gz.part"], Names());
        await Download(Set()).RunAsync();
        AssertWhole();
        Assert.Equal("images.gz from 30000", _server.Requests[3]);
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_gives_the_whole_file()
    {
        _server.KnowsRanges = false;
        _server.Truncation = (70_000, 1);

        await Download(Set()).RunAsync();

        AssertWhole();
        Assert.Equal(["images.gz", "images.gz from 70000", "labels.gz"], _server.Requests);
    }

    [Fact]
    public async Task A_file_with_another_checksum_is_refused_and_not_kept()
    {
        _server.Files["images.gz"] = [.. _images.Reverse()];

        DownloadException failure = await Assert.ThrowsAsync<DownloadException>(() => Download(Set()).RunAsync());

        Assert.True(failure.IsDamaged);
        Assert.Equal($"{_server.Address}images.gz: SHA-256 is {Sha256(_server.Files["images.gz"])}, the published one is {Sha256(_images)}", failure.Message);
        Assert.Empty(Names());
    }

    [Theory]
    [InlineData(150_000, true)]
    [InlineData(250_000, true)]
    [InlineData(250_000, false)]
    public async Task A_file_of_another_length_is_refused_and_not_kept(int length, bool saysLength)
    {
        _server.SaysLength = saysLength;
        _server.Files["images.gz"] = Noise(3, length);

        DownloadException failure = await Assert.ThrowsAsync<DownloadException>(() => Download(Set()).RunAsync());

        Assert.True(failure.IsDamaged);
        Assert.Contains("200,000", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.Exists(Folder) ? Names() : []);
    }

    [Fact]
    public async Task What_came_from_elsewhere_does_not_spoil_the_file_for_ever()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllBytes(Path.Combine(Folder, "images.gz.part"), Noise(4, 50_000));

        Assert.True((await Assert.ThrowsAsync<DownloadException>(() => Download(Set()).RunAsync())).IsDamaged);
        await Download(Set()).RunAsync();

        AssertWhole();
    }

    [Fact]
    public async Task A_place_without_the_file_is_named_with_its_answer()
    {
        _server.Files.Remove("images.gz");

        DownloadException failure = await Assert.ThrowsAsync<DownloadException>(() => Download(Set()).RunAsync());

        Assert.Equal($"{_server.Address}images.gz: the server answers 404 Not Found", failure.Message);
        Assert.False(failure.IsDamaged);
        Assert.False(Directory.Exists(Folder), "a folder was made for nothing");
    }

    [Fact]
    public async Task The_next_place_is_asked_where_one_fails_and_all_are_named_where_all_do()
    {
        Uri closed = ClosedAddress();
        await Download(Set() with { Places = [closed, _server.Address] }).RunAsync();
        AssertWhole();
        Directory.Delete(Folder, recursive: true);
        _server.Files.Clear();

        DownloadException failure = await Assert.ThrowsAsync<DownloadException>(() => Download(Set() with { Places = [closed, _server.Address] }).RunAsync());

        Assert.Contains($"{closed}images.gz: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"; {_server.Address}images.gz: the server answers 404 Not Found", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public async Task A_cancelled_download_keeps_what_came()
    {
        using CancellationTokenSource stop = new();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Download(Set()).RunAsync(new CancelAt(100_000, stop), stop.Token));

        Assert.Equal(["images.gz.part"], Names());
        await Download(Set()).RunAsync();
        AssertWhole();
        Assert.StartsWith("images.gz from ", _server.Requests[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_file_under_the_name_is_a_conflict()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "labels.gz"), "mine");

        Assert.Equal([Path.Combine(Folder, "labels.gz")], Download(Set()).Conflicts());
        await Download(Set()).RunAsync();
        Assert.Empty(Download(Set()).Conflicts());
    }

    [Fact]
    public async Task An_archive_is_unpacked_to_the_files_and_leaves_nothing_else()
    {
        byte[] archive = Archive(("set/readme.html", [1, 2, 3]), ("set/images.gz", _images), ("../labels.gz", _labels));
        _server.Files["set.tar.gz"] = archive;
        PublishedDataSet set = Set() with { Archive = new PublishedFile("set.tar.gz", archive.Length, Sha256(archive)) };

        Assert.Equal(2, (await Download(set).RunAsync()).Count);

        AssertWhole();
        Assert.Equal(["set.tar.gz"], _server.Requests);
        Assert.Equal(["set"], Directory.GetFileSystemEntries(Path.GetDirectoryName(Folder)!).Select(Path.GetFileName));
        Assert.Empty(await Download(set).RunAsync());
    }

    [Fact]
    public async Task An_archive_that_lacks_a_file_or_holds_another_is_refused()
    {
        byte[] lacking = Archive(("set/images.gz", _images));
        byte[] other = Archive(("set/labels.gz", _images), ("set/images.gz", _labels));
        _server.Files["lacking.tar.gz"] = lacking;
        _server.Files["other.tar.gz"] = other;

        DownloadException lacks = await Assert.ThrowsAsync<DownloadException>(
            () => Download(Set() with { Archive = new PublishedFile("lacking.tar.gz", lacking.Length, Sha256(lacking)) }).RunAsync());
        DownloadException differs = await Assert.ThrowsAsync<DownloadException>(
            () => Download(Set() with { Archive = new PublishedFile("other.tar.gz", other.Length, Sha256(other)) }).RunAsync());

        Assert.Contains("labels.gz not in the archive", lacks.Message, StringComparison.Ordinal);
        Assert.Contains("'set/labels.gz' is not the published file", differs.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_published_is_what_the_data_source_reads()
    {
        Assert.Equal(["mnist", "cifar10"], PublishedDataSet.All.Select(set => set.Name));
        Assert.All(PublishedDataSet.All, set => Assert.Equal($"{set.Name}:x", DataSource.Parse($"{set.Name}:x").Specification));
        Assert.All(PublishedDataSet.All.SelectMany(set => set.Places), place => Assert.Equal(("https", '/'), (place.Scheme, place.AbsoluteUri[^1])));
        Assert.All(PublishedDataSet.All.SelectMany(set => set.Files), file => Assert.Matches("^[0-9a-f]{64}$", file.Sha256));
    }

    private static byte[] Noise(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Seeded((ulong)seed).Fill(bytes);
        return bytes;
    }

    private static byte[] Archive(params (string Name, byte[] Content)[] entries)
    {
        using MemoryStream bytes = new();
        using (GZipStream compressed = new(bytes, CompressionLevel.Fastest))
        using (TarWriter archive = new(compressed, TarEntryFormat.Ustar))
        {
            foreach ((string name, byte[] content) in entries) archive.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        }

        return bytes.ToArray();
    }

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    // A port that was free a moment ago.
    private static Uri ClosedAddress()
    {
        using TcpListener listener = new(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}/");
    }

    private PublishedDataSet Set() => new()
    {
        Name = "noise",
        Places = [_server.Address],
        Files = [new PublishedFile("images.gz", _images.Length, Sha256(_images)), new PublishedFile("labels.gz", _labels.Length, Sha256(_labels))],
    };

    private DataSetDownload Download(PublishedDataSet set) => new(set, Folder, _client);

    private string[] Names() => [.. Directory.GetFiles(Folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private void AssertWhole()
    {
        Assert.Equal(["images.gz", "labels.gz"], Names());
        Assert.Equal(_images, File.ReadAllBytes(Path.Combine(Folder, "images.gz")));
        Assert.Equal(_labels, File.ReadAllBytes(Path.Combine(Folder, "labels.gz")));
    }

    private sealed class Collect(List<ModelProgress> reports) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value) => reports.Add(value);
    }

    private sealed class CancelAt(long bytes, CancellationTokenSource stop) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value)
        {
            if (value.Done >= bytes) stop.Cancel();
        }
    }
}
