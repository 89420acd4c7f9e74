using System.CommandLine;
using Tersor.Cli.Output;
using Tersor.Engine.Data;
using Tersor.Models;

namespace Tersor.Cli.Options;

/// <summary>How pixels become the input of a model. What is given here wins over what the model's metadata remembers, which wins over the defaults.</summary>
internal sealed class PreprocessingOptions
{
    private readonly Option<float[]?> _scale = ValueOption.Numbers(
        "--scale", "Factor of the pixels, before all else; if not given 1/255, and 1 for data that are no bytes.", numbers => numbers is [not 0], "a number such as 1/255, not 0");

    private readonly Option<float[]?> _mean = ValueOption.Numbers(
        "--mean", "What is taken off after scaling: one number, or one per channel in the model's order; 0 if not given.", _ => true,
        "numbers such as 0.485,0.456,0.406");

    private readonly Option<float[]?> _deviation = ValueOption.Numbers(
        "--std", "What is divided by at last: one number, or one per channel in the model's order; 1 if not given.", numbers => !numbers.Contains(0),
        "numbers other than 0 such as 0.229,0.224,0.225");

    private readonly Option<ColourOrder?> _channels = ValueOption.Choice(
        "--channels", "Order of the colours that the model takes; rgb if not given.", [("rgb", ColourOrder.Rgb), ("bgr", ColourOrder.Bgr)]);

    private readonly Option<ImageLayout?> _layout = ValueOption.Choice(
        "--layout", "Order of channels, height and width that the model takes; nchw if not given.", [("nchw", ImageLayout.Nchw), ("nhwc", ImageLayout.Nhwc)]);

    private enum ColourOrder
    {
        Rgb,
        Bgr,
    }

    private enum ImageLayout
    {
        Nchw,
        Nhwc,
    }

    /// <summary>The options.</summary>
    public IEnumerable<Option> All => [_scale, _mean, _deviation, _channels, _layout];

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        foreach (Option option in All) verb.Add(option);
    }

    /// <summary>Whether any was given.</summary>
    public bool AreGiven(Invocation invocation) => All.Any(invocation.IsGiven);

    /// <summary>The preprocessing of one model.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="metadata">What the model's file carries by key.</param>
    /// <param name="source">The file, for messages.</param>
    /// <param name="samples">What will be preprocessed.</param>
    /// <exception cref="ModelFormatException">The metadata speaks of preprocessing and is not what it should be.</exception>
    public Preprocessing Resolve(Invocation invocation, IReadOnlyDictionary<string, string> metadata, string source, SampleSet samples)
    {
        Preprocessing usual = samples.HoldsPixels ? Preprocessing.Default : Preprocessing.Default with { Scale = 1 };
        Preprocessing resolved = Override(invocation, Remembered(metadata, source) ?? usual);
        foreach ((string name, string value) in PreprocessingText.Entries(resolved)) invocation.Detail($"{source}: {name} {value}");
        return resolved;
    }

    /// <summary>The preprocessing that a model is to remember: what it remembers already, and what was given.</summary>
    /// <exception cref="ModelFormatException">The metadata speaks of preprocessing and is not what it should be.</exception>
    public Preprocessing Resolve(Invocation invocation, IReadOnlyDictionary<string, string> metadata, string source) =>
        Override(invocation, Remembered(metadata, source) ?? Preprocessing.Default);

    /// <summary>What a model's metadata says of preprocessing; null where it says nothing.</summary>
    /// <exception cref="ModelFormatException">It is not what it should be.</exception>
    public static Preprocessing? Remembered(IReadOnlyDictionary<string, string> metadata, string source)
    {
        try
        {
            return Preprocessing.FromMetadata(metadata);
        }
        catch (FormatException problem)
        {
            throw new ModelFormatException(source, "metadata", -1, problem.Message.TrimEnd('.') + "; write it anew with tersor convert and --scale, --mean, --std", problem);
        }
    }

    private Preprocessing Override(Invocation invocation, Preprocessing remembered) => new()
    {
        Scale = Given(invocation, _scale)?[0] ?? remembered.Scale,
        Mean = Given(invocation, _mean) ?? remembered.Mean,
        Deviation = Given(invocation, _deviation) ?? remembered.Deviation,
        IsBgr = invocation.Value(_channels) is ColourOrder order ? order == ColourOrder.Bgr : remembered.IsBgr,
        IsChannelsLast = invocation.Value(_layout) is ImageLayout layout ? layout == ImageLayout.Nhwc : remembered.IsChannelsLast,
    };

    // The parser makes an empty array of an option that is not there.
    private static float[]? Given(Invocation invocation, Option<float[]?> option) => invocation.IsGiven(option) ? invocation.Value(option) : null;
}
