using System.Security.Cryptography;
using System.Text;
using Tersor.Models;

namespace Tersor.Compression.Budgets;

/// <summary>Tells models apart.</summary>
public static class ModelDigest
{
    /// <summary>SHA-256 of network, names, types, shapes and weights, as hexadecimal digits: the same for the same model, whatever its file is called.</summary>
    /// <param name="model">Every weight is read once.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="ModelFormatException">The source turns out damaged.</exception>
    public static string Of(Model model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        using SHA256 hash = SHA256.Create();
        using (CryptoStream stream = new(Stream.Null, hash, CryptoStreamMode.Write))
        {
            if (model.MakeTopology(_ => true) is { } topology) stream.Write(topology.Bytes.Span);
            foreach (Tensor tensor in model.Tensors)
            {
                stream.Write(Encoding.UTF8.GetBytes($"\n{tensor.Name}\0{tensor.ElementType.Name()} {tensor.Shape}\0"));
                tensor.Data.CopyTo(stream, cancellationToken);
            }
        }

        return Convert.ToHexStringLower(hash.Hash!);
    }
}
