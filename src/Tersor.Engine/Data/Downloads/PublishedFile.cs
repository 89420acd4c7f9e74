using System.Buffers;
using System.Security.Cryptography;

namespace Tersor.Engine.Data;

/// <summary>A file that someone published, known by its content.</summary>
/// <param name="Name">Its name, without folders.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its SHA-256, as 64 lower-case hexadecimal digits.</param>
public sealed record PublishedFile(string Name, long Bytes, string Sha256)
{
    /// <summary>Whether a file on the disk has this content. False where there is none.</summary>
    public bool IsAt(string path, CancellationToken cancellationToken = default) =>
        File.Exists(path) && new FileInfo(path).Length == Bytes && Digest(path, cancellationToken) == Sha256;

    /// <summary>SHA-256 of a file, as lower-case hexadecimal digits.</summary>
    internal static string Digest(string path, CancellationToken cancellationToken)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] piece = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            for (int count; (count = file.Read(piece)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(piece, 0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
