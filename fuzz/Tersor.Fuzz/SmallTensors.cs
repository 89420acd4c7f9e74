using Tersor.Models;

namespace Tersor.Fuzz;

/// <summary>Opens a model and reads its tensors as long as they are small: a few bytes can honestly stand for a large one.</summary>
internal static class SmallTensors
{
    /// <summary>Bytes read of one input in all.</summary>
    public const long Limit = 1 << 20;

    public static void Read(Func<Model> open)
    {
        using Model model = open();
        long left = Limit;
        foreach (Tensor tensor in model.Tensors)
        {
            if (tensor.ByteLength > left) continue;
            left -= tensor.ByteLength;
            tensor.Data.ReadAll();
        }
    }
}
