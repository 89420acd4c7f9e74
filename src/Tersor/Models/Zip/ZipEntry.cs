namespace Tersor.Models.Zip;

/// <summary>One member of a zip archive, as the central directory declares it.</summary>
/// <param name="Name">Path within the archive.</param>
/// <param name="Flags">General purpose bits.</param>
/// <param name="Method">0 stored, 8 deflated.</param>
/// <param name="Crc32">Check value of the plain bytes.</param>
/// <param name="CompressedLength">Bytes in the archive.</param>
/// <param name="Length">Plain bytes.</param>
/// <param name="HeaderOffset">Where the member's local header starts.</param>
internal sealed record ZipEntry(string Name, ushort Flags, ushort Method, uint Crc32, long CompressedLength, long Length, long HeaderOffset)
{
    /// <summary>The method of members that stand as they are.</summary>
    public const ushort Stored = 0;

    /// <summary>The method of RFC 1951.</summary>
    public const ushort Deflated = 8;

    private const ushort EncryptionFlags = 0x2041;

    /// <summary>Why the member cannot be read; null where it can.</summary>
    public string? Obstacle =>
        (Flags & EncryptionFlags) != 0 ? "is encrypted; decrypt the archive first"
        : Method is not (Stored or Deflated) ? $"uses compression method {Method}; pack the archive with deflate or without compression"
        : null;
}
