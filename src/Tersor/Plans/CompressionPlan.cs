using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tersor.Models;
using Tersor.Quantization;
using Tersor.Quantization.Prediction;

namespace Tersor.Plans;

/// <summary>Whether and how the network's graph travels with the weights.</summary>
public enum TopologyCarriage
{
    /// <summary>The graph where there is one; else only what the units cannot say (element types, metadata).</summary>
    Auto,

    /// <summary>Nothing: named tensors only, readable by the public reference decoders.</summary>
    None,
}

/// <summary>The settings of one tensor.</summary>
public sealed record TensorPlan
{
    /// <summary>The tensor's name.</summary>
    public required string Name { get; init; }

    /// <summary>How it is represented.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required TensorMethod Method { get; init; }

    /// <summary>
    /// Quantization parameter; the step size is <see cref="StepSize.FromQp"/>. Ignored by exact methods and by <see cref="TensorMethod.ErrorBounded"/>, which takes
    /// the largest step that keeps the bound.
    /// </summary>
    public int Qp { get; init; }

    /// <summary>Whether the step is 1, which brings whole numbers back exactly: vectors of nothing else, such as zeros, are planned so.</summary>
    [JsonIgnore]
    public bool KeepsWholeNumbers => Method == TensorMethod.Uniform && Qp == 0;

    /// <summary>Weight of the bits in the rate-distortion optimized methods, in the reference software's scale (its <c>lambda_scale</c>).</summary>
    public double Lambda { get; init; }

    /// <summary>How far a weight may come back from where it was, for <see cref="TensorMethod.ErrorBounded"/> and no other; as JSON a text such as <c>rel:0.001</c>.</summary>
    public ErrorBound? ErrorBound { get; init; }

    /// <summary>What weights are predicted from, for <see cref="TensorMethod.ErrorBounded"/> with an absolute or relative bound; a saved plan names the one that was taken.</summary>
    public Predictor Predictor { get; init; }

    /// <summary>
    /// Whether levels make up for one another's errors, which takes statistics of data (<see cref="RowCurvature"/>) whenever the plan is used; of
    /// <see cref="TensorMethod.Trellis"/> and <see cref="TensorMethod.TrellisRdo"/> alone.
    /// </summary>
    public bool Compensated { get; init; }

    /// <summary>
    /// What the error of each weight counts for, which takes statistics of data (<see cref="PlanStatistics.Importances"/>) whenever the plan is used; of methods that have an
    /// objective (<see cref="TensorMethods.HasObjective"/>), without <see cref="Compensated"/>, which says more.
    /// </summary>
    public ErrorWeighting Weighting { get; init; }

    /// <summary>Whether each row (output channel) gets a factor of its own, fitted after its levels were chosen: the standard's local scaling. Of tensors with two or more dimensions, without <see cref="Compensated"/>.</summary>
    public bool LocalScaling { get; init; }

    /// <summary>Entries of the codebook that k-means makes, 2..65536, for <see cref="TensorMethod.Codebook"/> without <see cref="Codebook"/>.</summary>
    public int CodebookSize { get; init; }

    /// <summary>The codebook itself, for <see cref="TensorMethod.Codebook"/>, in multiples of the step that <see cref="Qp"/> stands for; null where k-means is to make one.</summary>
    public GivenCodebook? Codebook { get; init; }

    /// <summary>N, the number of greater-than flags, 1..256; 0 lets the encoder choose by cost.</summary>
    public int GreaterFlags { get; init; }

    /// <summary>0 row-major, 1..4 blocks of 8..64; null lets the encoder choose by cost.</summary>
    public int? Scan { get; init; }

    /// <summary>Whether rows of zeros are flagged instead of coded (edition 2); null lets the encoder choose by cost.</summary>
    public bool? RowSkipping { get; init; }
}

/// <summary>Which data a plan's statistics are of, and how they are taken.</summary>
public sealed record CalibrationPlan
{
    private const double UsualInputDamping = 0.03;
    private const double UsualOutputDamping = 0.1;

    /// <summary>Starts from the defaults; <see cref="Samples"/> must be given.</summary>
    public CalibrationPlan()
    {
    }

    // As of CompressionPlan: the serializer knows the defaults from here alone.
    [JsonConstructor]
    [SetsRequiredMembers]
    internal CalibrationPlan(int samples, ulong seed = 0, double inputDamping = UsualInputDamping, double outputDamping = UsualOutputDamping, string? digest = null) =>
        (Samples, Seed, InputDamping, OutputDamping, Digest) = (samples, seed, inputDamping, outputDamping, digest);

    /// <summary>Samples of the train part, drawn by the seed.</summary>
    public required int Samples { get; init; }

    /// <summary>Decides which samples.</summary>
    public ulong Seed { get; init; }

    /// <summary>Damping of the inputs' moments; see <see cref="RowCurvature"/>.</summary>
    public double InputDamping { get; init; } = UsualInputDamping;

    /// <summary>Damping of the gradients' moments.</summary>
    public double OutputDamping { get; init; } = UsualOutputDamping;

    /// <summary>SHA-256 of the network's inputs as hexadecimal digits, by which other data are noticed; null for any data.</summary>
    public string? Digest { get; init; }
}

/// <summary>
/// The settings for every tensor of a model. Made by options, by a search or by hand; the same plan on the same model gives the same bytes.
/// </summary>
public sealed record CompressionPlan
{
    /// <summary>The plan format written and read here.</summary>
    public const int CurrentVersion = 1;

    internal const string TuningExcludes = "vectors that are tuned take up what quantization does to means and variances; drop their correction and re-estimation";

    /// <summary>Starts from the defaults; <see cref="Tensors"/> must be given.</summary>
    public CompressionPlan()
    {
    }

    // What a file leaves out takes the default, which the serializer knows from here alone.
    [JsonConstructor]
    [SetsRequiredMembers]
    internal CompressionPlan(
        IReadOnlyList<TensorPlan> tensors, int version = CurrentVersion, int edition = 2, TopologyCarriage topology = TopologyCarriage.Auto, int qpDensity = StepSize.DefaultDensity, bool foldBatchNorm = false,
        CalibrationPlan? calibration = null, bool biasCorrection = false, bool batchNormReestimation = false, double prunedShare = 0, bool vectorTuning = false) =>
        (Tensors, Version, Edition, Topology, QpDensity, FoldBatchNorm, Calibration, BiasCorrection, BatchNormReestimation, PrunedShare, VectorTuning) =
        (tensors, version, edition, topology, qpDensity, foldBatchNorm, calibration, biasCorrection, batchNormReestimation, prunedShare, vectorTuning);

    /// <summary>Version of the plan format.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Edition of ISO/IEC 15938-17 that the stream follows: 1 or 2.</summary>
    public int Edition { get; init; } = 2;

    /// <summary>Whether the graph travels along.</summary>
    public TopologyCarriage Topology { get; init; } = TopologyCarriage.Auto;

    /// <summary>Steps per octave as a power of two, 0..7.</summary>
    public int QpDensity { get; init; } = StepSize.DefaultDensity;

    /// <summary>Whether batch normalizations are folded into two of their four vectors first; see <see cref="Models.Onnx.BatchNormFolding"/>.</summary>
    public bool FoldBatchNorm { get; init; }

    /// <summary>
    /// The share, 0 to 1, of the weights of all quantized tensors with two or more dimensions that become zero first: those whose loss costs least (<see cref="PruningRule"/>), by what
    /// the tensors' errors are weighted by, or by magnitude.
    /// </summary>
    public double PrunedShare { get; init; }

    /// <summary>Whether biases take up what quantization adds to the mean outputs of their layers; takes statistics of data (<see cref="PlanStatistics.Corrected"/>).</summary>
    public bool BiasCorrection { get; init; }

    /// <summary>Whether means and variances of batch normalizations follow what quantization does to their inputs; takes statistics of data.</summary>
    public bool BatchNormReestimation { get; init; }

    /// <summary>
    /// Whether quantized vectors (biases, scales and shifts of normalizations) learn to give the answers that the network gave before its weights were quantized; takes data
    /// (<see cref="PlanStatistics.Tuned"/>).
    /// </summary>
    public bool VectorTuning { get; init; }

    /// <summary>The data that the plan's statistics are of; null where it needs none.</summary>
    public CalibrationPlan? Calibration { get; init; }

    /// <summary>Whether statistics of data are needed beside the model.</summary>
    [JsonIgnore]
    public bool NeedsStatistics => NeedsCorrection || VectorTuning || Tensors.Any(tensor => tensor.Compensated || tensor.Weighting != ErrorWeighting.None);

    /// <summary>Whether tensors are to be corrected after quantization.</summary>
    [JsonIgnore]
    public bool NeedsCorrection => BiasCorrection || BatchNormReestimation;

    /// <summary>One entry per tensor.</summary>
    public required IReadOnlyList<TensorPlan> Tensors { get; init; }

    /// <summary>The plan as indented JSON, ending in a newline.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PlanJson.Default.CompressionPlan) + "\n";

    /// <summary>Reads what <see cref="ToJson"/> wrote; unknown keys and values out of range are refused.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Path or description, for messages.</param>
    /// <exception cref="PlanException">Not a plan; the message says where.</exception>
    public static CompressionPlan FromJson(string json, string source)
    {
        CompressionPlan? plan;
        try
        {
            plan = JsonSerializer.Deserialize(json, PlanJson.Default.CompressionPlan);
        }
        catch (JsonException error)
        {
            throw new PlanException([$"not a plan (line {error.LineNumber + 1}, {error.Path}): {ProblemOf(error)}"], source, error);
        }

        if (plan?.Tensors is null) throw new PlanException(["not a plan: it is empty"], source);
        plan.Validate(source);
        return plan;
    }

    // The serializer's own texts speak of types and members, which nobody who writes a plan knows.
    private static string ProblemOf(JsonException error)
    {
        string text = error.Message.Split(" Path: ")[0].Split(" LineNumber: ")[0];
        if (text.Contains("could not be converted", StringComparison.Ordinal)) return "the value is of another kind than belongs there";
        if (text.Contains("could not be mapped", StringComparison.Ordinal)) return "a plan has no such entry";
        int missing = text.IndexOf("including: ", StringComparison.Ordinal);
        return missing < 0 ? text : $"an entry is missing: {text[(missing + "including: ".Length)..]}";
    }

    /// <summary>
    /// Checks ranges, that every tensor of <paramref name="model"/> is planned once and no other, and that methods suit element types; lists every problem at once.
    /// </summary>
    /// <exception cref="PlanException">The plan does not fit.</exception>
    public void CheckAgainst(Model model, string source)
    {
        ArgumentNullException.ThrowIfNull(model);
        Validate(source);
        HashSet<string> planned = new(Tensors.Select(tensor => tensor.Name), StringComparer.Ordinal);
        List<string> problems =
        [
            .. Tensors.Where(tensor => model.Find(tensor.Name) is null).Select(tensor => $"the model has no tensor '{tensor.Name}'"),
            .. model.Tensors.Where(tensor => !planned.Contains(tensor.Name)).Select(tensor => $"tensor '{tensor.Name}' is not in the plan"),
            .. Tensors.Where(tensor => tensor.Method.IsLossy() && model.Find(tensor.Name) is { } found && !found.ElementType.IsQuantizable())
                .Select(tensor => $"tensor '{tensor.Name}' holds {model.Find(tensor.Name)!.ElementType.Name()}, which {tensor.Method.Name()} cannot quantize; plan it as lossless"),
            .. Tensors.Where(tensor => tensor.LocalScaling && model.Find(tensor.Name) is { Shape.Rank: < 2 }).Select(tensor => $"tensor '{tensor.Name}' has no rows for local scaling"),
        ];
        if (problems.Count > 0) throw new PlanException(problems, $"{source}: does not fit {model.Source}");
    }

    private void Validate(string source)
    {
        List<string> problems = [];
        if (Version != CurrentVersion) problems.Add($"version {Version} is not {CurrentVersion}");
        if (Edition is not (1 or 2)) problems.Add($"edition {Edition} is not 1 or 2");
        if (Calibration is { } calibration && (calibration.Samples < 1 || !IsDamping(calibration.InputDamping) || !IsDamping(calibration.OutputDamping)))
            problems.Add("calibration takes at least one sample, and dampings above 0");
        if (QpDensity is < 0 or > 7) problems.Add($"qpDensity {QpDensity} is not 0..7");
        if (VectorTuning && NeedsCorrection) problems.Add(TuningExcludes);
        if (!(PrunedShare is >= 0 and <= 1)) problems.Add($"prunedShare {PrunedShare} is not 0..1");
        if (PrunedShare > 0 && Tensors.Any(tensor => tensor is { Compensated: true })) problems.Add("compensated levels give up zeros: prunedShare is not for them");
        if (PrunedShare > 0 && Tensors.Select(tensor => tensor?.Weighting ?? ErrorWeighting.None).Where(weighting => weighting != ErrorWeighting.None).Distinct().Count() > 1)
            problems.Add("prunedShare compares all tensors: weigh them alike");
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (TensorPlan? tensor in Tensors)
        {
            if (tensor?.Name is null)
            {
                problems.Add("an entry of tensors has no name");
                continue;
            }

            string name = $"tensor '{tensor.Name}'";
            if (!names.Add(tensor.Name)) problems.Add($"{name} occurs twice");
            if (!Enum.IsDefined(tensor.Method)) problems.Add($"{name}: unknown method {tensor.Method}");
            if (tensor.Method.IsLossy() && QpDensity is >= 0 and <= 7 && (tensor.Qp < StepSize.MinQp(QpDensity) || tensor.Qp > StepSize.MaxQp(QpDensity)))
                problems.Add($"{name}: qp {tensor.Qp} is not {StepSize.MinQp(QpDensity)}..{StepSize.MaxQp(QpDensity)}");
            if (!(tensor.Lambda >= 0) || double.IsInfinity(tensor.Lambda)) problems.Add($"{name}: lambda is not a number from 0");
            if (tensor.ErrorBound is null && tensor.Method == TensorMethod.ErrorBounded) problems.Add($"{name}: errorBound is missing: {ErrorBound.Form}");
            if (tensor.ErrorBound is not null && tensor.Method != TensorMethod.ErrorBounded) problems.Add($"{name}: errorBound is for method {TensorMethod.ErrorBounded.Name()}");
            if (!Enum.IsDefined(tensor.Predictor)) problems.Add($"{name}: unknown predictor {tensor.Predictor}");
            if (tensor.Predictor != Predictor.Zero && tensor.ErrorBound is null or { Mode: ErrorBoundMode.Pointwise })
                problems.Add($"{name}: a predictor is for absolute and relative error bounds");
            if (tensor.Compensated && !tensor.Method.IsDependent()) problems.Add($"{name}: {tensor.Method.Name()} cannot be compensated");
            if (tensor.Compensated && tensor.Scan is not (null or 0)) problems.Add($"{name}: compensated levels are coded row by row, scan 0");
            if (!Enum.IsDefined(tensor.Weighting)) problems.Add($"{name}: unknown weighting {tensor.Weighting}");
            if (tensor.Weighting != ErrorWeighting.None && !tensor.Method.HasObjective()) problems.Add($"{name}: {tensor.Method.Name()} weighs no errors");
            if (tensor.Weighting != ErrorWeighting.None && tensor.Compensated) problems.Add($"{name}: compensated levels weigh errors already");
            if (tensor.LocalScaling && tensor.Compensated) problems.Add($"{name}: local scaling would undo what compensated levels make up for");
            if (tensor.LocalScaling && !tensor.Method.IsOnGrid()) problems.Add($"{name}: {tensor.Method.Name()} has no local scaling");
            if (tensor.GreaterFlags is < 0 or > 256) problems.Add($"{name}: greaterFlags {tensor.GreaterFlags} is not 0..256");
            if (tensor.Scan is < 0 or > 4) problems.Add($"{name}: scan {tensor.Scan} is not 0..4");
            if (tensor.Codebook is not null && tensor.Method != TensorMethod.Codebook) problems.Add($"{name}: codebook is for method {TensorMethod.Codebook.Name()}");
            if (tensor.Codebook is not null && tensor.CodebookSize != 0) problems.Add($"{name}: codebook is given, and codebookSize says how large to make one; drop one");
            if (tensor.Codebook?.Problem is { } problem) problems.Add($"{name}: {problem}");
            if (tensor.Method == TensorMethod.Codebook && tensor.Codebook is null && tensor.CodebookSize is < 2 or > 65536)
                problems.Add($"{name}: codebookSize {tensor.CodebookSize} is not 2..65536");
        }

        if (problems.Count > 0) throw new PlanException(problems, source);
    }

    private static bool IsDamping(double value) => value > 0 && double.IsFinite(value);
}

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    Converters = [typeof(TensorMethodConverter), typeof(TopologyCarriageConverter), typeof(ErrorBoundConverter), typeof(GivenCodebookConverter), typeof(PredictorConverter), typeof(ErrorWeightingConverter)])]
[JsonSerializable(typeof(CompressionPlan))]
internal sealed partial class PlanJson : JsonSerializerContext;

/// <summary>Methods by the names of <see cref="TensorMethods"/>, not by number.</summary>
internal sealed class TensorMethodConverter : JsonConverter<TensorMethod>
{
    public override TensorMethod Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? name = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return (name is null ? null : TensorMethods.Parse(name))
            ?? throw new JsonException($"'{name}' is not a method; known: {string.Join(", ", TensorMethods.All.Select(entry => entry.Name))}");
    }

    public override void Write(Utf8JsonWriter writer, TensorMethod value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name());
}

/// <summary>Predictors by the names of <see cref="Predictors"/>.</summary>
internal sealed class PredictorConverter : JsonConverter<Predictor>
{
    public override Predictor Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        foreach ((Predictor predictor, string name) in Predictors.All)
        {
            if (string.Equals(name, text, StringComparison.OrdinalIgnoreCase)) return predictor;
        }

        throw new JsonException($"'{text}' is not a predictor; known: {string.Join(", ", Predictors.All.Select(entry => entry.Name))}");
    }

    public override void Write(Utf8JsonWriter writer, Predictor value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name());
}

/// <summary>Weightings by the names of <see cref="ErrorWeightings"/>.</summary>
internal sealed class ErrorWeightingConverter : JsonConverter<ErrorWeighting>
{
    public override ErrorWeighting Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        foreach ((ErrorWeighting weighting, string name) in ErrorWeightings.All)
        {
            if (string.Equals(name, text, StringComparison.OrdinalIgnoreCase)) return weighting;
        }

        throw new JsonException($"'{text}' is not a weighting; known: {string.Join(", ", ErrorWeightings.All.Select(entry => entry.Name))}");
    }

    public override void Write(Utf8JsonWriter writer, ErrorWeighting value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name());
}

/// <summary>The text of <see cref="ErrorBound"/>.</summary>
internal sealed class ErrorBoundConverter : JsonConverter<ErrorBound>
{
    public override ErrorBound Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return (text is null ? null : ErrorBound.Parse(text)) ?? throw new JsonException($"'{text}' is not an error bound: {ErrorBound.Form}");
    }

    public override void Write(Utf8JsonWriter writer, ErrorBound value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary><c>auto</c> or <c>none</c>.</summary>
internal sealed class TopologyCarriageConverter : JsonConverter<TopologyCarriage>
{
    public override TopologyCarriage Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? reader.GetString() switch
            {
                "auto" => TopologyCarriage.Auto,
                "none" => TopologyCarriage.None,
                string other => throw new JsonException($"'{other}' is not a topology carriage; known: auto, none"),
                null => throw new JsonException("a topology carriage is auto or none"),
            }
            : throw new JsonException("a topology carriage is auto or none");

    public override void Write(Utf8JsonWriter writer, TopologyCarriage value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value == TopologyCarriage.None ? "none" : "auto");
}
