using System.Globalization;
using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Safetensors;

namespace Tersor.Engine.Training;

/// <summary>
/// The state of a training after an epoch, as a safetensors file: stored tensors, the optimizer's memory, averages, statistics of the graph, and the learning curve
/// so far. It appears under its name only when whole.
/// </summary>
internal static class TrainingCheckpoint
{
    private const string IdentityPrefix = "training/";
    private const string StepsKey = "steps";
    private const string CurveKey = "curve";

    public static void Save(Trainer trainer, string path)
    {
        List<Tensor> tensors = [];
        foreach ((string name, TensorShape shape, float[] values) in Parts(trainer)) tensors.Add(new Tensor(name, shape, values));
        Dictionary<string, string> metadata = new(StringComparer.Ordinal)
        {
            [StepsKey] = trainer.Optimizer.Steps.ToString(CultureInfo.InvariantCulture),
            [CurveKey] = string.Join(';', trainer.Curve.Select(Write)),
        };
        foreach ((string key, string value) in trainer.Identity) metadata[IdentityPrefix + key] = value;
        using Model model = new("safetensors", path, tensors, metadata);
        new SafetensorsFormat().Write(model, path, ModelWriteOptions.Default with { Overwrite = true });
    }

    public static void Load(Trainer trainer, string path, List<EpochReport> curve)
    {
        using Model model = new SafetensorsFormat().Open(path, ModelReadOptions.Default);
        string Entry(string key) => model.Metadata.TryGetValue(key, out string? value) ? value : throw new ModelFormatException(path, null, -1, $"has no entry '{key}'; it is not a training checkpoint");
        CheckIdentity(trainer, model, path);
        List<(float[] From, float[] To)> copies = [];
        foreach ((string name, TensorShape shape, float[] values) in Parts(trainer))
        {
            Tensor tensor = model.Find(name) ?? throw new ModelFormatException(path, null, -1, $"has no tensor '{name}'; it belongs to another training");
            if (tensor.Shape != shape || tensor.ElementType != ElementType.Float32) throw new ModelFormatException(path, name, -1, $"is {tensor}, the training has {shape}");
            copies.Add((tensor.ReadSingles(), values));
        }

        List<EpochReport> read = [];
        foreach (string line in Entry(CurveKey).Split(';', StringSplitOptions.RemoveEmptyEntries)) read.Add(Parse(path, line));
        if (!long.TryParse(Entry(StepsKey), NumberStyles.None, CultureInfo.InvariantCulture, out long steps)) throw new ModelFormatException(path, null, -1, $"'{Entry(StepsKey)}' is not a number of steps");

        // Nothing changes before all is read.
        foreach ((float[] from, float[] to) in copies) from.CopyTo(to, 0);
        trainer.Optimizer.Steps = steps;
        curve.Clear();
        curve.AddRange(read);
    }

    private static void CheckIdentity(Trainer trainer, Model model, string path)
    {
        List<string> differences = [];
        foreach ((string key, string value) in trainer.Identity.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            // Older files know no constraints and no teachers.
            string kept = model.Metadata.GetValueOrDefault(IdentityPrefix + key) ?? (key is TrainingIdentity.Constraints or TrainingIdentity.Teacher ? TrainingIdentity.None : null)
                ?? throw new ModelFormatException(path, null, -1, $"does not say its {key}; it is not a training checkpoint");
            if (kept != value) differences.Add($"{key} {kept}, not {value}");
        }

        if (differences.Count > 0)
            throw new TrainingMismatchException($"{path} belongs to a training with {string.Join("; ", differences)}. Use the same settings, or another file.");
    }

    private static IEnumerable<(string Name, TensorShape Shape, float[] Values)> Parts(Trainer trainer)
    {
        for (int t = 0; t < trainer.Tensors.Count; t++)
        {
            TrainedTensor tensor = trainer.Tensors[t];
            yield return ($"stored/{tensor.Name}", tensor.Shape, tensor.Values);
            for (int k = 0; k < trainer.Optimizer.Memory[t].Length; k++)
                yield return (string.Create(CultureInfo.InvariantCulture, $"optimizer/{k}/{tensor.Name}"), tensor.Shape, trainer.Optimizer.Memory[t][k]);
            if (trainer.Average is not null) yield return ($"average/{tensor.Name}", tensor.Shape, trainer.Average.Values[t]);
        }

        GraphParameter[] state = [.. trainer.Graph.Parameters.Where(parameter => !parameter.IsTrainable)];
        foreach (GraphParameter parameter in state) yield return ($"state/{parameter.Name}", parameter.Shape, parameter.Values);
        if (trainer.Best is null) yield break;
        IEnumerable<(string Name, TensorShape Shape)> kept = trainer.Tensors.Select(tensor => (tensor.Name, tensor.Shape)).Concat(state.Select(parameter => (parameter.Name, parameter.Shape)));
        foreach (((string name, TensorShape shape), float[] values) in kept.Zip(trainer.Best.Values)) yield return ($"best/{name}", shape, values);
    }

    private static string Write(EpochReport report) => string.Create(
        CultureInfo.InvariantCulture, $"{report.Epoch},{report.TrainLoss:R},{report.ValidationLoss:R},{report.ValidationTop1:R},{report.LearningRate:R}");

    private static EpochReport Parse(string path, string line)
    {
        string[] parts = line.Split(',');
        double[] numbers = new double[4];
        bool isRead = parts.Length == 5 & int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int epoch);
        for (int i = 0; isRead && i < numbers.Length; i++) isRead = double.TryParse(parts[i + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]);
        if (!isRead) throw new ModelFormatException(path, null, -1, $"'{line}' is not an epoch of a learning curve");
        return new EpochReport(epoch, numbers[0], numbers[1], numbers[2], numbers[3], Seconds: 0);
    }
}
