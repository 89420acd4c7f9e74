using System.Globalization;

namespace Tersor.Models.Onnx;

/// <summary>
/// Gives every tensor of a file a name of its own. Names follow from the structure alone, never from data, so a topology without weights gives the same.
/// </summary>
internal static class OnnxTensorNames
{
    // Paths repeat the names on the way; a small file that nests long names must not make gigabytes of them.
    private const long MaxCharacters = 1L << 25;

    /// <summary>
    /// Initializers of the main graph keep their names; the others get their paths. What is taken already gets <c>#2</c>, <c>#3</c> and so on behind it.
    /// </summary>
    public static void Assign(IReadOnlyList<OnnxTensorRecord> tensors, string source)
    {
        HashSet<string> taken = new(StringComparer.Ordinal);
        Dictionary<string, int> repeats = new(StringComparer.Ordinal);
        long characters = 0;
        foreach (OnnxTensorRecord tensor in tensors)
        {
            if (tensor.Message.IsMainInitializer) Name(tensor);
        }

        foreach (OnnxTensorRecord tensor in tensors)
        {
            if (!tensor.Message.IsMainInitializer) Name(tensor);
        }

        void Name(OnnxTensorRecord tensor)
        {
            string path = tensor.Message.Path();
            characters += path.Length;
            if (characters > MaxCharacters)
                throw new ResourceLimitException($"{source}: the names of its tensors take more than {MaxCharacters:N0} characters; the file is not a usable model.");
            string name = path;
            while (!taken.Add(name))
            {
                int repeat = repeats.GetValueOrDefault(path, 1) + 1;
                repeats[path] = repeat;
                name = string.Create(CultureInfo.InvariantCulture, $"{path}#{repeat}");
            }

            tensor.Name = name;
        }
    }
}
