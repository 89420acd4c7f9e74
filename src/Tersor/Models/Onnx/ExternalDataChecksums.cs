using System.Security.Cryptography;

namespace Tersor.Models.Onnx;

/// <summary>Compares files of external data with the checksums that a model states for them: SHA-1 of the whole file, in hexadecimal.</summary>
internal static class ExternalDataChecksums
{
    private const int HexLength = 2 * SHA1.HashSizeInBytes;

    /// <summary>Whether a text is a checksum as ONNX defines it; others are left alone.</summary>
    public static bool IsChecksum(string text) => text.Length == HexLength && text.All(char.IsAsciiHexDigit);

    /// <summary>Reads each file for which there is a checksum once.</summary>
    /// <param name="records">The tensors of a model.</param>
    /// <param name="folder">Where their data is.</param>
    /// <param name="modelPath">The model's path, for messages.</param>
    /// <param name="options">As the model was opened.</param>
    /// <param name="cancellationToken">Checked every megabyte.</param>
    /// <returns>One entry for each tensor whose checksum is not that of its file.</returns>
    public static IReadOnlyList<ModelFormatException> Check(
        IEnumerable<OnnxTensorRecord> records, ExternalDataFolder folder, string modelPath, ModelReadOptions options, CancellationToken cancellationToken)
    {
        List<ModelFormatException> problems = [];
        Dictionary<string, string> actual = new(StringComparer.Ordinal);
        foreach (OnnxTensorRecord record in records)
        {
            if (record.External is not { ChecksumText: { } stated } external || !IsChecksum(stated)) continue;
            string item = $"tensor '{record.Name}'";
            string path = folder.Resolve(external.Location, item, record.Message.Payload.Start, options);
            if (!actual.TryGetValue(path, out string? sum)) actual.Add(path, sum = Compute(path, cancellationToken));
            if (!string.Equals(sum, stated, StringComparison.OrdinalIgnoreCase))
            {
                problems.Add(new ModelFormatException(
                    modelPath, item, record.Message.Payload.Start, $"the checksum of '{external.Location}' is {sum}, the model states {stated}; that file is damaged or of another model"));
            }
        }

        return problems;
    }

    private static string Compute(string path, CancellationToken cancellationToken)
    {
        using ByteSource file = ByteSource.FromFile(path);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        byte[] part = new byte[(int)Math.Min(1 << 20, file.Length)];
        for (long offset = 0; offset < file.Length; offset += part.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<byte> bytes = part.AsSpan(0, (int)Math.Min(part.Length, file.Length - offset));
            file.Read(offset, bytes);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
