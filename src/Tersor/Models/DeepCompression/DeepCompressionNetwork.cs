namespace Tersor.Models.DeepCompression;

/// <summary>A layer as a network description states it.</summary>
/// <param name="Name">Its name; with <c>conv</c> in it the layer has 8-bit ids, otherwise 4-bit ones.</param>
/// <param name="Shape">Outputs first, then inputs per group, height, width.</param>
public sealed record DeepCompressionLayerShape(string Name, TensorShape Shape)
{
    /// <summary>Number of outputs, which is the number of biases.</summary>
    public int OutputCount => (int)Shape[0];

    /// <summary>Bits of an id: 8 or 4. The codebook has an entry for every id.</summary>
    public int IdBits => Name.Contains("conv", StringComparison.Ordinal) ? 8 : 4;

    /// <summary>Entries of the codebook: 256 or 16.</summary>
    public int CodebookLength => 1 << IdBits;
}

/// <summary>
/// What a Deep Compression file leaves unsaid: the layers with parameters, in order. The released files are of SqueezeNet v1.0 and AlexNet; other
/// networks are described by making one of these.
/// </summary>
public sealed class DeepCompressionNetwork
{
    /// <summary>Describes a network.</summary>
    /// <param name="name">For messages, such as <c>SqueezeNet v1.0</c>.</param>
    /// <param name="layers">In the order of the file.</param>
    /// <exception cref="ArgumentException">A layer is a scalar, or its weights do not fit one array.</exception>
    public DeepCompressionNetwork(string name, IReadOnlyList<DeepCompressionLayerShape> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        foreach (DeepCompressionLayerShape layer in layers)
        {
            if (layer.Shape.Rank == 0 || layer.Shape.ElementCount > Array.MaxLength / sizeof(float))
            {
                throw new ArgumentException(
                    $"Layer '{layer.Name}' has shape {layer.Shape}; expected 1 to {Array.MaxLength / sizeof(float)} weights.", nameof(layers));
            }
        }

        Name = name;
        Layers = layers;
    }

    /// <summary>SqueezeNet v1.0 (Iandola et al., 2016): 26 layers, 1,244,448 weights.</summary>
    public static DeepCompressionNetwork SqueezeNet { get; } = new("SqueezeNet v1.0", SqueezeNetLayers());

    /// <summary>AlexNet (Krizhevsky et al., 2012) with grouped convolutions 2, 4 and 5: 8 layers, 60,954,656 weights.</summary>
    public static DeepCompressionNetwork AlexNet { get; } = new(
        "AlexNet",
        [
            new("conv1", new TensorShape(96, 3, 11, 11)),
            new("conv2", new TensorShape(256, 48, 5, 5)),
            new("conv3", new TensorShape(384, 256, 3, 3)),
            new("conv4", new TensorShape(384, 192, 3, 3)),
            new("conv5", new TensorShape(256, 192, 3, 3)),
            new("fc6", new TensorShape(4096, 9216)),
            new("fc7", new TensorShape(4096, 4096)),
            new("fc8", new TensorShape(1000, 4096)),
        ]);

    /// <summary>For messages, such as <c>SqueezeNet v1.0</c>.</summary>
    public string Name { get; }

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<DeepCompressionLayerShape> Layers { get; }

    /// <summary>The networks of released files.</summary>
    public static IReadOnlyList<DeepCompressionNetwork> Known { get; } = [SqueezeNet, AlexNet];

    private static List<DeepCompressionLayerShape> SqueezeNetLayers()
    {
        List<DeepCompressionLayerShape> layers = [new("conv1", new TensorShape(96, 3, 7, 7))];
        long inputs = 96;
        for (int fire = 2; fire <= 9; fire++)
        {
            // Squeezed and expanded widths grow after every second module; the two expansions are concatenated.
            long squeezed = 16 * (fire / 2), expanded = 4 * squeezed;
            string module = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"fire{fire}");
            layers.Add(new($"{module}.conv1x1_1", new TensorShape(squeezed, inputs, 1, 1)));
            layers.Add(new($"{module}.conv1x1_2", new TensorShape(expanded, squeezed, 1, 1)));
            layers.Add(new($"{module}.conv3x3_2", new TensorShape(expanded, squeezed, 3, 3)));
            inputs = 2 * expanded;
        }

        layers.Add(new("conv_final", new TensorShape(1000, inputs, 1, 1)));
        return layers;
    }
}
