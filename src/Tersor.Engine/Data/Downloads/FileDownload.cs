using System.Net;
using System.Net.Http.Headers;
using Tersor.Models;

namespace Tersor.Engine.Data;

/// <summary>
/// Fetches one published file over HTTP. What has come lies beside the target, with <c>.part</c> behind its name, until it is whole and has the published SHA-256;
/// a later fetch goes on where an earlier one ended.
/// </summary>
internal sealed class FileDownload(HttpClient client, IProgress<ModelProgress>? progress)
{
    // A connection that ends early is taken up again at once, so often.
    private const int Attempts = 3;

    /// <summary>How long a server may stay silent.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    /// <summary>The name of a target while it is not whole.</summary>
    public static string PartOf(string path) => path + ".part";

    /// <summary>Fetches from the first place that has the file.</summary>
    /// <param name="file">What is wanted.</param>
    /// <param name="places">Folders on the net.</param>
    /// <param name="path">Where it goes; replaced if there.</param>
    /// <param name="cancellationToken">Ends the fetch; what has come stays.</param>
    /// <exception cref="DownloadException">No place gave the file; every place's reason is named.</exception>
    public async Task FetchAsync(PublishedFile file, IReadOnlyList<Uri> places, string path, CancellationToken cancellationToken)
    {
        List<DownloadException> failures = [];
        foreach (Uri place in places)
        {
            try
            {
                await FetchAsync(file, new Uri(place, file.Name), path, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (DownloadException failure)
            {
                failures.Add(failure);
            }
        }

        throw new DownloadException(string.Join("; ", failures.Select(failure => failure.Message)), failures.TrueForAll(failure => failure.IsDamaged), failures[^1]);
    }

    private async Task FetchAsync(PublishedFile file, Uri address, string path, CancellationToken cancellationToken)
    {
        string part = PartOf(path);
        for (int attempt = 1; LengthOf(part) != file.Bytes; attempt++)
        {
            try
            {
                await ReceiveAsync(file, address, part, cancellationToken).ConfigureAwait(false);
                if (LengthOf(part) < file.Bytes) throw new HttpIOException(HttpRequestError.ResponseEnded);
            }
            catch (Exception error) when (error is HttpIOException or HttpRequestException or IOException { InnerException: System.Net.Sockets.SocketException })
            {
                // Only a broken transfer is worth another attempt: who was not reached will not be reached now.
                long come = LengthOf(part);
                if (error is HttpRequestException || come == 0) throw new DownloadException($"{address}: {Reason(error)}", isDamaged: false, error);
                if (attempt == Attempts)
                    throw new DownloadException($"{address}: the connection ended after {come:N0} of {file.Bytes:N0} bytes, which are kept", isDamaged: false, error);
            }
            catch (DownloadException error) when (error.IsDamaged)
            {
                // Nothing can be added to it: the next fetch begins anew.
                if (File.Exists(part)) File.Delete(part);
                throw;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new DownloadException($"{address}: nothing came for {Silence.TotalSeconds:N0} seconds", isDamaged: false);
            }
        }

        string digest = PublishedFile.Digest(part, cancellationToken);
        if (digest != file.Sha256)
        {
            File.Delete(part);
            throw new DownloadException($"{address}: SHA-256 is {digest}, the published one is {file.Sha256}", isDamaged: true);
        }

        File.Move(part, path, overwrite: true);
    }

    private async Task ReceiveAsync(PublishedFile file, Uri address, string part, CancellationToken cancellationToken)
    {
        long have = LengthOf(part);
        if (have > file.Bytes) have = 0;
        using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(Silence);
        using HttpRequestMessage request = new(HttpMethod.Get, address);
        if (have > 0) request.Headers.Range = new RangeHeaderValue(have, null);
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            throw new DownloadException($"{address}: the file has at most {have:N0} bytes there, the published one has {file.Bytes:N0}", isDamaged: true);
        if (!response.IsSuccessStatusCode) throw new DownloadException($"{address}: the server answers {(int)response.StatusCode} {response.ReasonPhrase}", isDamaged: false);

        // A server may give the whole file whatever was asked for.
        if (response.StatusCode != HttpStatusCode.PartialContent) have = 0;
        else if (response.Content.Headers.ContentRange?.From != have)
            throw new DownloadException($"{address}: the server gives bytes from {response.Content.Headers.ContentRange?.From}, not from {have}", isDamaged: true);
        if (response.Content.Headers.ContentLength is { } length && have + length != file.Bytes)
            throw new DownloadException($"{address}: the file has {have + length:N0} bytes there, the published one has {file.Bytes:N0}", isDamaged: true);

        using Stream body = await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(part))!);
        using FileStream output = new(part, have > 0 ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read, 1);
        byte[] piece = new byte[1 << 16];
        for (int count; (count = await body.ReadAsync(piece, silence.Token).ConfigureAwait(false)) > 0;)
        {
            silence.CancelAfter(Silence);
            have += count;
            if (have > file.Bytes) throw new DownloadException($"{address}: more than the {file.Bytes:N0} bytes of the published file come", isDamaged: true);
            output.Write(piece, 0, count);
            progress?.Report(new ModelProgress("download", file.Name, have, file.Bytes));
        }
    }

    private static long LengthOf(string part) => File.Exists(part) ? new FileInfo(part).Length : 0;

    // The innermost message is the system's, such as "Name or service not known".
    private static string Reason(Exception error) => error.GetBaseException().Message.ReplaceLineEndings(" ").TrimEnd('.');
}
