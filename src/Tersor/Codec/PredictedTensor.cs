using System.Runtime.InteropServices;
using Tersor.Models;
using Tersor.Nnc;
using Tersor.Quantization.Prediction;

namespace Tersor.Codec;

/// <summary>A tensor of which the stream has what predictions left.</summary>
/// <param name="reader">The stream.</param>
/// <param name="name">What the model calls the tensor.</param>
/// <param name="predictor">What predicts.</param>
/// <param name="info">The levels of what is left.</param>
/// <param name="planes">The integers that planes are made of; null where none are needed, or the stream lacks them.</param>
internal sealed class PredictedTensor(NncReader reader, string name, Predictor predictor, NncTensorInfo info, NncTensorInfo? planes)
{
    /// <summary>The tensors of the stream.</summary>
    public IReadOnlyList<NncTensorInfo> Parts => planes is null ? [info] : [info, planes];

    /// <summary>Decodes into memory.</summary>
    /// <exception cref="ModelFormatException">A unit is damaged.</exception>
    public void Decode(Span<float> values, CancellationToken cancellationToken)
    {
        PredictionLayout layout = new(info.Shape);
        int[] codes = ReadPlanes(layout, cancellationToken);

        // Levels become values in place.
        Span<int> levels = MemoryMarshal.Cast<float, int>(values);
        LevelRule rule = reader.DecodeLevels(info, levels, cancellationToken);
        Grid(layout, rule).Reconstruct(codes, levels, values);
    }

    /// <summary>Writes the values, little-endian. Held are some rows of them, and those that they are predicted from.</summary>
    /// <exception cref="ModelFormatException">A unit is damaged.</exception>
    public void CopyTo(Stream destination, CancellationToken cancellationToken)
    {
        // An array of that length could be held: what is predicted has a place in it.
        reader.CountElements(info, cancellationToken);
        PredictionLayout layout = new(info.Shape);
        int[] codes = ReadPlanes(layout, cancellationToken);
        PredictedParts? parts = null;
        Action<Span<float>> write = values => destination.Write(NncReader.LittleEndian(values));
        reader.DecodeLevels(
            info,
            (rule, levels) =>
            {
                parts ??= Grid(layout, rule).InParts(codes);
                parts.Add(levels, write);
            },
            cancellationToken);
        parts?.Finish(write);
    }

    private int[] ReadPlanes(PredictionLayout layout, CancellationToken cancellationToken)
    {
        int[] codes = [];
        if (planes is { PayloadType: NncPayloadType.Integer })
        {
            codes = new int[reader.CountElements(planes, cancellationToken)];
            reader.DecodeIntegers(planes, codes, cancellationToken);
        }

        return codes.Length == PredictedGrid.PlaneCodeCount(predictor, layout) ? codes : throw DoesNotFit();
    }

    private PredictedGrid Grid(PredictionLayout layout, LevelRule rule) => rule.Kind == LevelKind.Uniform ? new(predictor, layout, rule.Step) : throw DoesNotFit();

    private ModelFormatException DoesNotFit() => new(reader.Source, $"tensor '{name}'", info.UnitOffset, "what it is predicted from does not fit it; the file is damaged, fetch it again");
}
