using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics.Tensors;
using Tersor.Models;

namespace Tersor.Engine.Data;

/// <summary>
/// How pixels become the input of a model: <c>x = (pixel * scale - mean) / deviation</c> per channel, with the channels in the stated order. A model file can carry
/// it in its metadata, so that it is told once.
/// </summary>
public sealed record Preprocessing
{
    private const string ScaleKey = "tersor.input.scale";
    private const string MeanKey = "tersor.input.mean";
    private const string DeviationKey = "tersor.input.std";
    private const string ChannelsKey = "tersor.input.channels";
    private const string LayoutKey = "tersor.input.layout";

    /// <summary>Pixels times 1/255.</summary>
    public static Preprocessing Default { get; } = new();

    /// <summary>Factor of the pixels; 1/255 unless said.</summary>
    public float Scale { get; init; } = 1f / 255;

    /// <summary>What is taken off after scaling: one value, or one per channel in the model's order.</summary>
    public IReadOnlyList<float> Mean { get; init; } = [0f];

    /// <summary>What is divided by, never 0: one value, or one per channel in the model's order.</summary>
    public IReadOnlyList<float> Deviation { get; init; } = [1f];

    /// <summary>Whether the model takes blue, green, red; data is red, green, blue.</summary>
    public bool IsBgr { get; init; }

    /// <summary>Whether the model takes height, width, channels; data is channels, height, width.</summary>
    public bool IsChannelsLast { get; init; }

    /// <summary>What a model's metadata says, with the defaults for what it does not; null where it says nothing.</summary>
    /// <exception cref="FormatException">An entry is not what it should be.</exception>
    public static Preprocessing? FromMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        string[] keys = [ScaleKey, MeanKey, DeviationKey, ChannelsKey, LayoutKey];
        if (!keys.Any(metadata.ContainsKey)) return null;
        return new Preprocessing
        {
            Scale = metadata.TryGetValue(ScaleKey, out string? scale) ? ParseNumbers(scale, ScaleKey)[0] : Default.Scale,
            Mean = metadata.TryGetValue(MeanKey, out string? mean) ? ParseNumbers(mean, MeanKey) : Default.Mean,
            Deviation = metadata.TryGetValue(DeviationKey, out string? deviation) ? ParseDivisors(deviation) : Default.Deviation,
            IsBgr = metadata.TryGetValue(ChannelsKey, out string? channels) && Choose(channels, "bgr", "rgb", ChannelsKey),
            IsChannelsLast = metadata.TryGetValue(LayoutKey, out string? layout) && Choose(layout, "nhwc", "nchw", LayoutKey),
        };
    }

    /// <summary>The entries that <see cref="FromMetadata"/> reads.</summary>
    public IReadOnlyDictionary<string, string> ToMetadata() => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [ScaleKey] = Text([Scale]),
        [MeanKey] = Text(Mean),
        [DeviationKey] = Text(Deviation),
        [ChannelsKey] = IsBgr ? "bgr" : "rgb",
        [LayoutKey] = IsChannelsLast ? "nhwc" : "nchw",
    };

    /// <summary>Reads numbers with commas between them, such as <c>0.485,0.456,0.406</c>; a fraction such as <c>1/255</c> is a number.</summary>
    /// <returns>False where a part is not a finite number.</returns>
    public static bool TryParseNumbers(string text, [NotNullWhen(true)] out float[]? numbers)
    {
        ArgumentNullException.ThrowIfNull(text);
        numbers = null;
        string[] parts = text.Split(',');
        float[] values = new float[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            string[] fraction = parts[i].Split('/');
            float denominator = 1;
            bool isNumber = fraction.Length <= 2
                && float.TryParse(fraction[0], NumberStyles.Float, CultureInfo.InvariantCulture, out values[i])
                && (fraction.Length == 1 || float.TryParse(fraction[1], NumberStyles.Float, CultureInfo.InvariantCulture, out denominator));
            values[i] /= denominator;
            if (!isNumber || !float.IsFinite(values[i])) return false;
        }

        numbers = values;
        return true;
    }

    /// <summary>Shape of a model's input for a sample, without the batch.</summary>
    /// <exception cref="DataMismatchException">There are other numbers of means or deviations than channels.</exception>
    public TensorShape InputShape(TensorShape sample)
    {
        int channels = ChannelsOf(sample);
        CheckCount(Mean.Count, channels, "means");
        CheckCount(Deviation.Count, channels, "deviations");
        return IsChannelsLast && sample.Rank == 3 ? new TensorShape(sample[1], sample[2], sample[0]) : sample;
    }

    /// <summary>Turns a sample as read into a model's input.</summary>
    /// <param name="sample">Shape of the sample: C x H x W, or anything else that is one channel.</param>
    /// <param name="pixels">As read; used as working memory.</param>
    /// <param name="input">Where the input goes.</param>
    /// <exception cref="DataMismatchException">There are other numbers of means or deviations than channels.</exception>
    public void Apply(TensorShape sample, Span<float> pixels, Span<float> input)
    {
        int channels = ChannelsOf(sample);
        int places = channels == 0 ? 0 : pixels.Length / channels;
        CheckCount(Mean.Count, channels, "means");
        CheckCount(Deviation.Count, channels, "deviations");
        for (int channel = 0; channel < channels; channel++)
        {
            Span<float> plane = pixels.Slice((IsBgr ? channels - 1 - channel : channel) * places, places);
            float mean = Mean[Mean.Count == 1 ? 0 : channel];
            float deviation = Deviation[Deviation.Count == 1 ? 0 : channel];
            if (Scale != 1) TensorPrimitives.Multiply(plane, Scale, plane);
            if (mean != 0) TensorPrimitives.Subtract(plane, mean, plane);
            if (deviation != 1) TensorPrimitives.Divide(plane, deviation, plane);
            if (!IsChannelsLast)
            {
                plane.CopyTo(input[(channel * places)..]);
                continue;
            }

            for (int i = 0; i < places; i++) input[(i * channels) + channel] = plane[i];
        }
    }

    private static int ChannelsOf(TensorShape sample) => sample.Rank == 3 ? (int)sample[0] : 1;

    private static void CheckCount(int given, int channels, string what)
    {
        if (given != 1 && given != channels) throw new DataMismatchException($"{given} {what} for samples of {channels} channels; give one, or one per channel.");
    }

    private static float[] ParseDivisors(string text)
    {
        float[] numbers = ParseNumbers(text, DeviationKey);
        return numbers.Contains(0) ? throw new FormatException($"{DeviationKey}: '{text}' divides by zero.") : numbers;
    }

    private static float[] ParseNumbers(string text, string name) =>
        TryParseNumbers(text, out float[]? numbers) ? numbers : throw new FormatException($"{name}: '{text}' is not a number, or several with commas between them.");

    private static bool Choose(string text, string yes, string no, string name) =>
        text == yes || (text == no ? false : throw new FormatException($"{name}: '{text}' is neither {no} nor {yes}."));

    private static string Text(IReadOnlyList<float> numbers) => string.Join(',', numbers.Select(number => number.ToString("R", CultureInfo.InvariantCulture)));
}
