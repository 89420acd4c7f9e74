using Tersor.Models.Zip;

namespace Tersor.Models.Npz;

/// <summary>Writes NumPy arrays: little-endian, row-major, uncompressed, in the model's order. The same model gives the same bytes.</summary>
public static class NpzWriter
{
    // What every released NumPy reads.
    private const int MaxRank = 32;

    /// <summary>Writes an archive; tensors are copied in pieces. Each becomes the member <c>NAME.npy</c>.</summary>
    /// <exception cref="ArgumentException">The stream cannot seek.</exception>
    /// <exception cref="UnsupportedModelException">Tensors that NumPy cannot hold; all are listed.</exception>
    public static void Write(
        Model model, Stream destination, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckSupport(model);
        ZipWriter archive = new(destination);
        long total = model.Tensors.Sum(tensor => tensor.ByteLength);
        long done = 0;
        foreach (Tensor tensor in model.Tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new ModelProgress("write", tensor.Name, done, total));
            byte[] header = Header(tensor);
            archive.Add(tensor.Name + NpzFormat.ArrayExtension, header.Length + tensor.ByteLength, member =>
            {
                member.Write(header);
                tensor.Data.CopyTo(member, cancellationToken);
            });
            done += tensor.ByteLength;
        }

        archive.Finish();
    }

    /// <summary>Writes the only tensor of a model as a single array; its name is not part of the file.</summary>
    /// <exception cref="UnsupportedModelException">The model has not exactly one tensor, or one that NumPy cannot hold.</exception>
    public static void WriteArray(
        Model model, Stream destination, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(destination);
        if (model.Tensors.Count != 1)
            throw new UnsupportedModelException(model.Source, [$"an npy file holds one array, the model has {model.Tensors.Count}; write npz"]);
        CheckSupport(model);
        Tensor tensor = model.Tensors[0];
        progress?.Report(new ModelProgress("write", tensor.Name, 0, tensor.ByteLength));
        destination.Write(Header(tensor));
        tensor.Data.CopyTo(destination, cancellationToken);
    }

    private static byte[] Header(Tensor tensor) => NpyHeader.Make(NpyElementType.DescriptorOf(tensor.ElementType)!, tensor.Shape);

    private static void CheckSupport(Model model)
    {
        List<string> unsupported = [];
        foreach (Tensor tensor in model.Tensors)
        {
            if (NpyElementType.DescriptorOf(tensor.ElementType) is null)
                unsupported.Add($"tensor '{tensor.Name}': NumPy has no type for {tensor.ElementType.Name()}; write safetensors or ONNX");
            else if (tensor.Shape.Rank > MaxRank)
                unsupported.Add($"tensor '{tensor.Name}': {tensor.Shape.Rank} dimensions, NumPy reads at most {MaxRank}; write safetensors or ONNX");
        }

        if (unsupported.Count > 0) throw new UnsupportedModelException(model.Source, unsupported);
    }
}
