using System.Buffers;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Tersor.Cli.Output;

/// <summary>What a run found and made: the document that <c>--json</c> prints, filled as the verb goes along.</summary>
internal sealed class Report(string verb, IReadOnlyList<string> arguments)
{
    /// <summary>The version of the document's layout; a change that breaks readers raises it.</summary>
    public const int Version = 1;

    private readonly JsonObject _more = [];
    private readonly HashSet<string> _passing = new(StringComparer.Ordinal);

    /// <summary>The version of the tool, such as <c>0.1.0</c>.</summary>
    public static string ToolVersion { get; } =
        typeof(Report).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Files read: path, bytes, sha256.</summary>
    public JsonArray Inputs { get; } = [];

    /// <summary>Files written: path, bytes, sha256.</summary>
    public JsonArray Outputs { get; } = [];

    /// <summary>One object per tensor.</summary>
    public JsonArray Tensors { get; } = [];

    /// <summary>Sums and worst cases over all tensors.</summary>
    public JsonObject Totals { get; } = [];

    /// <summary>What the user should know though the run went on.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>What only this verb reports.</summary>
    public JsonNode? this[string name]
    {
        set => _more[name] = value;
    }

    /// <summary>Whether a file is among those read or written, or is to be left out of them.</summary>
    public bool Mentions(string path) => _passing.Contains(path) || Inputs.Concat(Outputs).Any(file => (string?)file!["path"] == path);

    /// <summary>Leaves out a file that the run makes for itself: neither what went in nor what came out.</summary>
    public void LeaveOut(string path) => _passing.Add(path);

    /// <summary>Path, length and SHA-256 of a file.</summary>
    public static JsonObject DescribeFile(string path, CancellationToken cancellation)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        long length = 0;
        try
        {
            for (int count; (count = file.Read(buffer)) > 0; length += count)
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return new JsonObject { ["path"] = path, ["bytes"] = length, ["sha256"] = Convert.ToHexStringLower(hash.GetHashAndReset()) };
    }

    /// <summary>Everything but the envelope: what another verb's report takes in. Once only: the parts move out of this one.</summary>
    public JsonObject ToFields()
    {
        JsonObject fields = new()
        {
            ["command"] = new JsonArray([.. arguments.Select(argument => JsonValue.Create(argument))]),
            ["inputs"] = Inputs,
            ["outputs"] = Outputs,
            ["tensors"] = Tensors,
            ["totals"] = Totals,
            ["warnings"] = new JsonArray([.. Warnings.Select(warning => JsonValue.Create(warning))]),
        };
        foreach ((string name, JsonNode? value) in _more) fields[name] = value?.DeepClone();
        return fields;
    }

    /// <summary>Prints the document, with the failure if there was one. Once only: the parts move into the document.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="failure">Why the run did not end well; null where it did.</param>
    /// <param name="onOneLine">Whether documents stood before it, one per line.</param>
    public void Write(TextWriter writer, Failure? failure, bool onOneLine = false)
    {
        JsonObject document = ToFields();
        document["schema"] = "tersor." + verb.Replace(' ', '.');
        document["version"] = Version;
        document["tool"] = ToolVersion;
        if (failure is not null)
        {
            document["error"] = new JsonObject
            {
                ["code"] = failure.Code,
                ["exitCode"] = (int)failure.ExitCode,
                ["message"] = failure.Problem,
                ["hint"] = failure.Hint,
            };
        }

        SortedJson.Write(document, writer, onOneLine);
    }
}
