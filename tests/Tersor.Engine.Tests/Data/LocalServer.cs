using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tersor.Engine.Tests.Data;

/// <summary>An HTTP server of this process that gives files from memory, and can be told to misbehave. One request per connection.</summary>
internal sealed class LocalServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private readonly Lock _gate = new();
    private readonly List<string> _requests = [];

    public LocalServer()
    {
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _serving = ServeAsync();
    }

    /// <summary>Where the files are.</summary>
    public Uri Address { get; }

    /// <summary>Content by name; other names are not found.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Whether ranges are answered with the range.</summary>
    public bool KnowsRanges { get; set; } = true;

    /// <summary>Whether the length of the content is said before it.</summary>
    public bool SaysLength { get; set; } = true;

    /// <summary>Bytes of a body after which the connection ends, for so many requests.</summary>
    public (int Bytes, int Requests) Truncation { get; set; } = (0, 0);

    /// <summary>The requests so far: name, and first byte where a range was asked for.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_gate) return [.. _requests];
        }
    }

    public void Dispose()
    {
        if (_stop.IsCancellationRequested) return;
        _stop.Cancel();
        _listener.Stop();
        _serving.Wait(TimeSpan.FromSeconds(10));
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await AnswerAsync(client.GetStream());
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client went away, or the server is to end.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
        string name = (await reader.ReadLineAsync())!.Split(' ')[1].TrimStart('/');
        int start = 0;
        bool isRange = false;
        for (string? line; !string.IsNullOrEmpty(line = await reader.ReadLineAsync());)
        {
            if (!line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase)) continue;
            isRange = true;
            start = int.Parse(line["Range: bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
        }

        lock (_gate) _requests.Add(isRange ? $"{name} from {start}" : name);
        if (!Files.TryGetValue(name, out byte[]? content))
        {
            await stream.WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
            return;
        }

        if (isRange && KnowsRanges && start >= content.Length)
        {
            await stream.WriteAsync("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
            return;
        }

        bool isPart = isRange && KnowsRanges;
        if (!isPart) start = 0;
        string header = $"HTTP/1.1 {(isPart ? "206 Partial Content" : "200 OK")}\r\nConnection: close\r\n";
        if (SaysLength) header += $"Content-Length: {content.Length - start}\r\n";
        if (isPart) header += $"Content-Range: bytes {start}-{content.Length - 1}/{content.Length}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(header + "\r\n"));
        int length = content.Length - start;
        if (Truncation.Requests > 0)
        {
            length = Math.Min(length, Truncation.Bytes);
            Truncation = (Truncation.Bytes, Truncation.Requests - 1);
        }

        await stream.WriteAsync(content.AsMemory(start, length));
    }
}
