using System.CommandLine;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Models.Safetensors;

namespace Tersor.Cli.Options;

/// <summary>How a model file is laid out on disk. An option that the output's format knows nothing of is refused, not ignored.</summary>
internal sealed class ModelWriteOptionsGroup
{
    private readonly Option<ExternalDataLayout?> _externalData = ValueOption.Choice<ExternalDataLayout>(
        "--external-data",
        "Where the weights of an ONNX model go: as the input had it, inside the model, one file beside it, or one file per tensor.",
        [
            ("preserve", ExternalDataLayout.Preserve),
            ("inline", ExternalDataLayout.Inline),
            ("one-file", ExternalDataLayout.OneFile),
            ("per-tensor", ExternalDataLayout.PerTensor),
        ]);

    private readonly Option<long?> _maxShardSize = ValueOption.Size(
        "--max-shard-size", "Split safetensors into files of at most this size, with an index.");

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(_externalData);
        verb.Add(_maxShardSize);
    }

    /// <summary>The layout that was asked for.</summary>
    /// <exception cref="CommandException">The format has no such layout.</exception>
    public ModelWriteOptions Resolve(Invocation invocation, ModelFormat format)
    {
        List<string> problems = [];
        if (invocation.IsGiven(_externalData) && format is not OnnxFormat) problems.Add($"--external-data is for ONNX outputs, not {format.Name}");
        if (invocation.IsGiven(_maxShardSize) && format is not SafetensorsFormat)
            problems.Add($"--max-shard-size is for safetensors outputs, not {format.Name}");
        if (problems.Count > 0) throw CommandException.Usage(string.Join("; ", problems), "Drop the option or name another output.");
        return ModelWriteOptions.Default with
        {
            ExternalData = invocation.Value(_externalData) ?? ExternalDataLayout.Preserve,
            MaxShardBytes = invocation.Value(_maxShardSize) ?? 0,
        };
    }
}
