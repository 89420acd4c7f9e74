using System.Buffers.Binary;

namespace Tersor.Models.DeepCompression;

/// <summary>
/// One layer: a codebook, biases, and an id for every weight. Id 0 stands for a weight that was pruned away.
/// </summary>
public sealed class DeepCompressionLayer
{
    /// <summary>Joins the parts.</summary>
    /// <param name="description">Name and shape.</param>
    /// <param name="codebook">A value per id: 256 or 16; that of id 0 is 0 in all released files.</param>
    /// <param name="bias">A value per output.</param>
    /// <param name="ids">An id per weight, row-major over output, input, height, width.</param>
    /// <exception cref="ArgumentException">A length is not the one that the description asks for, or an id is outside the codebook.</exception>
    public DeepCompressionLayer(
        DeepCompressionLayerShape description, ReadOnlyMemory<float> codebook, ReadOnlyMemory<float> bias, ReadOnlyMemory<byte> ids)
    {
        ArgumentNullException.ThrowIfNull(description);
        if (codebook.Length != description.CodebookLength)
        {
            throw new ArgumentException(
                $"Layer '{description.Name}' takes {description.CodebookLength} codebook entries, not {codebook.Length}.", nameof(codebook));
        }

        if (bias.Length != description.OutputCount)
            throw new ArgumentException($"Layer '{description.Name}' takes {description.OutputCount} biases, not {bias.Length}.", nameof(bias));
        if (ids.Length != description.Shape.ElementCount)
            throw new ArgumentException($"Layer '{description.Name}' takes {description.Shape.ElementCount} ids, not {ids.Length}.", nameof(ids));
        if (description.IdBits == 4 && ids.Span.ContainsAnyExceptInRange((byte)0, (byte)15))
            throw new ArgumentException($"Layer '{description.Name}' has 4-bit ids; one is larger than 15.", nameof(ids));
        Description = description;
        Codebook = codebook;
        Bias = bias;
        Ids = ids;
    }

    /// <summary>Name and shape.</summary>
    public DeepCompressionLayerShape Description { get; }

    /// <summary>A value per id.</summary>
    public ReadOnlyMemory<float> Codebook { get; }

    /// <summary>A value per output.</summary>
    public ReadOnlyMemory<float> Bias { get; }

    /// <summary>An id per weight; 0 where the weight was pruned away.</summary>
    public ReadOnlyMemory<byte> Ids { get; }

    /// <summary>The weights as little-endian binary32; pruned ones are 0 whatever the codebook says of id 0.</summary>
    internal byte[] WeightBytes()
    {
        ReadOnlySpan<byte> ids = Ids.Span;
        ReadOnlySpan<float> codebook = Codebook.Span;
        byte[] bytes = new byte[ids.Length * sizeof(float)];
        for (int i = 0; i < ids.Length; i++)
        {
            if (ids[i] != 0) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), codebook[ids[i]]);
        }

        return bytes;
    }
}
