using Tersor.Models.Onnx;

namespace Tersor.Engine.Networks;

/// <summary>The networks that can be trained from scratch, by name: a new one is a method and a line in the list.</summary>
public static class NetworkArchitectures
{
    private static readonly SortedDictionary<string, Func<ulong, int, OnnxGraph>> ByName = new(StringComparer.Ordinal)
    {
        ["lenet-300-100"] = LeNet300100,
        ["lenet5"] = LeNet5,
        ["mobilenet-cifar"] = MobileNetCifar,
        ["resnet20"] = (seed, classes) => ResNetCifar(20, seed, classes),
        ["resnet32"] = (seed, classes) => ResNetCifar(32, seed, classes),
        ["resnet56"] = (seed, classes) => ResNetCifar(56, seed, classes),
        ["vgg-cifar"] = VggCifar,
    };

    /// <summary>The names, in order.</summary>
    public static IReadOnlyList<string> Names => [.. ByName.Keys];

    /// <summary>Makes a network with random weights.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <param name="classes">Number of outputs.</param>
    /// <exception cref="ArgumentException">No network has that name.</exception>
    public static OnnxGraph Create(string name, ulong seed, int classes = 10)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        return ByName.TryGetValue(name, out Func<ulong, int, OnnxGraph>? make)
            ? make(seed, classes)
            : throw new ArgumentException($"'{name}' is none of {string.Join(", ", ByName.Keys)}.", nameof(name));
    }

    /// <summary>784-300-100-classes with ReLU (LeCun et al. 1998), for 1 x 28 x 28.</summary>
    public static OnnxGraph LeNet300100(ulong seed, int classes)
    {
        NetworkBuilder net = new("lenet-300-100", seed, 1, 28, 28);
        string x = net.Flatten("flatten", net.Input);
        x = net.Relu("relu1", net.Dense("fc1", x, 300));
        x = net.Relu("relu2", net.Dense("fc2", x, 100));
        return net.Build(net.Dense("fc3", x, classes));
    }

    /// <summary>The Caffe LeNet of Deep Compression: two convolutions of 5 x 5 with max pooling, 500 hidden units, ReLU after those only; for 1 x 28 x 28.</summary>
    public static OnnxGraph LeNet5(ulong seed, int classes)
    {
        NetworkBuilder net = new("lenet5", seed, 1, 28, 28);
        string x = net.MaxPool("pool1", net.Convolution("conv1", net.Input, 20, 5), 2, 2);
        x = net.MaxPool("pool2", net.Convolution("conv2", x, 50, 5), 2, 2);
        x = net.Relu("relu1", net.Dense("fc1", net.Flatten("flatten", x), 500));
        return net.Build(net.Dense("fc2", x, classes));
    }

    /// <summary>The residual networks for CIFAR of He et al. 2016 with 6n + 2 layers; where the size changes, the shortcut is a 1 x 1 convolution. For 3 x 32 x 32.</summary>
    public static OnnxGraph ResNetCifar(int depth, ulong seed, int classes)
    {
        if (depth < 8 || (depth - 2) % 6 != 0) throw new ArgumentOutOfRangeException(nameof(depth), depth, "6n + 2 layers are possible.");
        NetworkBuilder net = new(FormattableString.Invariant($"resnet{depth}"), seed, 3, 32, 32);
        string x = net.Relu("relu", Normalized(net, "stem", net.Input, 16, 3, 1, 1));
        for (int stage = 0; stage < 3; stage++)
        {
            for (int block = 0; block < (depth - 2) / 6; block++)
                x = ResidualBlock(net, FormattableString.Invariant($"layer{stage + 1}.{block}"), x, 16 << stage, stage > 0 && block == 0 ? 2 : 1);
        }

        return net.Build(net.Dense("linear", net.Flatten("flatten", net.GlobalAveragePool("pool", x)), classes));
    }

    /// <summary>Six convolutions of 3 x 3 in three stages with batch normalization and max pooling, then 256 hidden units with dropout; for 3 x 32 x 32.</summary>
    public static OnnxGraph VggCifar(ulong seed, int classes)
    {
        NetworkBuilder net = new("vgg-cifar", seed, 3, 32, 32);
        string x = net.Input;
        for (int stage = 0; stage < 3; stage++)
        {
            for (int layer = 0; layer < 2; layer++)
            {
                string name = FormattableString.Invariant($"conv{stage + 1}_{layer + 1}");
                x = net.Relu($"{name}.relu", Normalized(net, name, x, 64 << stage, 3, 1, 1));
            }

            x = net.MaxPool(FormattableString.Invariant($"pool{stage + 1}"), x, 2, 2);
        }

        x = net.Relu("fc1.relu", net.Dense("fc1", net.Flatten("flatten", x), 256));
        return net.Build(net.Dense("fc2", net.Dropout("dropout", x, 0.5f), classes));
    }

    /// <summary>Depthwise and pointwise convolutions as in MobileNet (Howard et al. 2017), sized for 3 x 32 x 32.</summary>
    public static OnnxGraph MobileNetCifar(ulong seed, int classes)
    {
        NetworkBuilder net = new("mobilenet-cifar", seed, 3, 32, 32);
        string x = net.Relu("stem.relu", Normalized(net, "stem", net.Input, 32, 3, 1, 1));
        (int Channels, int Stride)[] blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)];
        for (int i = 0; i < blocks.Length; i++)
        {
            string name = FormattableString.Invariant($"block{i + 1}");
            int channels = (int)net.ShapeOf(x)[0];
            x = net.Relu($"{name}.relu1", Normalized(net, $"{name}.depthwise", x, channels, 3, blocks[i].Stride, 1, channels));
            x = net.Relu($"{name}.relu2", Normalized(net, $"{name}.pointwise", x, blocks[i].Channels, 1, 1, 0));
        }

        return net.Build(net.Dense("linear", net.Flatten("flatten", net.GlobalAveragePool("pool", x)), classes));
    }

    private static string Normalized(NetworkBuilder net, string name, string input, int channels, int kernel, int stride, int padding, int groups = 1) =>
        net.BatchNormalization($"{name}.bn", net.Convolution($"{name}.conv", input, channels, kernel, stride, padding, groups, bias: false));

    private static string ResidualBlock(NetworkBuilder net, string name, string input, int channels, int stride)
    {
        string x = net.Relu($"{name}.relu1", Normalized(net, $"{name}.1", input, channels, 3, stride, 1));
        x = Normalized(net, $"{name}.2", x, channels, 3, 1, 1);
        string shortcut = net.ShapeOf(input)[0] == channels ? input : Normalized(net, $"{name}.shortcut", input, channels, 1, stride, 0);
        return net.Relu($"{name}.relu2", net.Sum($"{name}.sum", x, shortcut));
    }
}
