using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tersor.Engine.Data;

namespace Tersor.Engine.Training;

/// <summary>
/// What decides the outcome of a training, as text by name: settings, data, and the weights that it starts from. A checkpoint keeps it, so that one of another
/// training is refused with the difference instead of being mixed in.
/// </summary>
internal static class TrainingIdentity
{
    public const string Constraints = "constraints";
    public const string Teacher = "teacher";
    public const string None = "none";

    // A digest of 64 bits tells two starting points apart; it guards against mistakes, not attacks.
    private const int DigestBytes = 8;

    public static IReadOnlyDictionary<string, string> Of(Trainer trainer, TrainingOptions options, SampleSet train, Preprocessing preprocessing)
    {
        Dictionary<string, string> identity = new(options.Settings, StringComparer.Ordinal)
        {
            ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
            ["batch"] = trainer.Batch.ToString(CultureInfo.InvariantCulture),
            ["samples"] = string.Create(CultureInfo.InvariantCulture, $"{train.Count} of {train.Name}"),
            ["initial weights"] = Digest(trainer.Tensors),
            [Constraints] = options.Constraints.Count == 0 ? None : string.Join(", ", options.Constraints.Select(constraint => constraint.Description)),
            [Teacher] = options.Teacher?.Identity ?? None,
        };
        foreach ((string key, string value) in preprocessing.ToMetadata()) identity[key] = value;
        return identity;
    }

    private static string Digest(IReadOnlyList<TrainedTensor> tensors)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TrainedTensor tensor in tensors) hash.AppendData(MemoryMarshal.AsBytes<float>(tensor.Values));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, DigestBytes));
    }
}
