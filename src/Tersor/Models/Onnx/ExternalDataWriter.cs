using System.Security.Cryptography;

namespace Tersor.Models.Onnx;

/// <summary>A tensor on its way to a data file.</summary>
internal sealed class ExternalDataPlacement(Tensor tensor, OnnxTensorRecord record, string location, long? wantedOffset)
{
    public Tensor Tensor => tensor;

    public OnnxTensorRecord Record => record;

    /// <summary>Path of the data file as the model says it.</summary>
    public string Location => location;

    /// <summary>Where the tensor was in the source and should be again; null for anywhere.</summary>
    public long? WantedOffset => wantedOffset;

    /// <summary>Where it was written.</summary>
    public long Offset { get; set; }
}

/// <summary>Writes one file of external data: tensors at the offsets they had, where those make sense, and otherwise one behind the other, aligned.</summary>
internal static class ExternalDataWriter
{
    /// <summary>Tensors from 1 MiB on start on a page, so that runtimes can map them.</summary>
    private const long PageSize = 4096;

    private const long MappedFrom = 1 << 20;

    private const long SmallAlignment = 64;

    /// <summary>Writes the tensors and sets the offset of each.</summary>
    public static void Write(
        IReadOnlyList<ExternalDataPlacement> tensors, Stream destination, Action<string, long>? written, CancellationToken cancellationToken)
    {
        List<ExternalDataPlacement> rest = [.. tensors.Where(tensor => tensor.WantedOffset is null)];
        long end = 0;
        long dataBytes = 0;
        foreach (ExternalDataPlacement tensor in tensors.Where(tensor => tensor.WantedOffset is not null).OrderBy(tensor => tensor.WantedOffset))
        {
            long offset = tensor.WantedOffset!.Value;
            long length = tensor.Tensor.ByteLength;

            // An offset from an untrusted topology must not fill the disk with zeros: gaps are for alignment.
            bool isPlausible = offset - dataBytes <= dataBytes + MappedFrom + (PageSize * tensors.Count);
            if (!isPlausible || (offset < end && !IsThere(destination, offset, end, tensor, cancellationToken)))
            {
                rest.Add(tensor);
                continue;
            }

            tensor.Offset = offset;
            if (offset < end) continue;
            Append(tensor, offset);
        }

        foreach (ExternalDataPlacement tensor in rest)
        {
            long alignment = tensor.Tensor.ByteLength >= MappedFrom ? PageSize : SmallAlignment;
            Append(tensor, checked(end + alignment - 1) / alignment * alignment);
        }

        void Append(ExternalDataPlacement tensor, long offset)
        {
            destination.Position = end;
            WriteZeros(destination, offset - end);
            tensor.Tensor.Data.CopyTo(destination, cancellationToken);
            tensor.Offset = offset;
            end = offset + tensor.Tensor.ByteLength;
            dataBytes += tensor.Tensor.ByteLength;
            written?.Invoke(tensor.Tensor.Name, tensor.Tensor.ByteLength);
        }
    }

    /// <summary>Sets the offset of each tensor where a file already has all of them at the places that they should be at; otherwise says so.</summary>
    public static bool AreThere(string path, IEnumerable<ExternalDataPlacement> tensors, CancellationToken cancellationToken)
    {
        using FileStream file = File.OpenRead(path);
        foreach (ExternalDataPlacement tensor in tensors)
        {
            if (tensor.WantedOffset is not long offset || !IsThere(file, offset, file.Length, tensor, cancellationToken)) return false;
            tensor.Offset = offset;
        }

        return true;
    }

    /// <summary>The checksum that ONNX defines for a data file: SHA-1 in hexadecimal.</summary>
    public static string Checksum(Stream file)
    {
        file.Position = 0;
        return Convert.ToHexStringLower(SHA1.HashData(file));
    }

    /// <summary>Whether the same bytes are at the same place already, as those of tied weights are.</summary>
    private static bool IsThere(Stream written, long offset, long end, ExternalDataPlacement tensor, CancellationToken cancellationToken)
    {
        if (tensor.Tensor.ByteLength > end - offset) return false;
        written.Position = offset;
        using ComparingStream comparison = new(written);
        tensor.Tensor.Data.CopyTo(comparison, cancellationToken);
        return comparison.IsEqual;
    }

    private static void WriteZeros(Stream destination, long count)
    {
        ReadOnlySpan<byte> zeros = stackalloc byte[4096];
        for (; count > 0; count -= Math.Min(count, zeros.Length)) destination.Write(zeros[..(int)Math.Min(count, zeros.Length)]);
    }
}
