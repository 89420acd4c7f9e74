using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Nnc;
using Tersor.Nnc.Syntax;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Codec;

/// <summary>Writes a model as an NNC stream (ISO/IEC 15938-17) after a plan. The bytes depend on model and plan only, not on the number of threads.</summary>
public static class ModelCompressor
{
    /// <summary>Exact tensors of at most this many bytes stay in an ONNX topology: a unit's header would cost more than deflating them there.</summary>
    private const long MaxTopologyTensorBytes = 4096;

    /// <summary>About how many bytes of memory compressing takes at its peak: those of the tensors in work.</summary>
    public static long EstimateMemory(Model model, int threads)
    {
        ArgumentNullException.ThrowIfNull(model);
        long largest = model.Tensors.Select(TensorEncoder.MemoryNeeded).DefaultIfEmpty().Max();
        return threads <= 1 ? largest : Math.Min(model.Tensors.Sum(TensorEncoder.MemoryNeeded), Math.Max(largest, OrderedWork.DefaultMaxBytesInFlight));
    }

    /// <summary>Looks before any work whether a model can be compressed after a plan.</summary>
    /// <param name="model">The model; its weights are not read.</param>
    /// <param name="plan">Settings for every tensor of the model.</param>
    /// <exception cref="PlanException">The plan does not fit the model.</exception>
    /// <exception cref="UnsupportedModelException">The model holds names or tensors that a stream cannot carry; all are listed.</exception>
    public static void Check(Model model, CompressionPlan plan)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(plan);
        plan.CheckAgainst(model, "plan");
        Arrange(model, plan);
    }

    /// <summary>Compresses to a stream, which is left open and need not be seekable.</summary>
    /// <param name="model">The model; each weight is read once, and again for every check of an error bound.</param>
    /// <param name="plan">Settings for every tensor of the model.</param>
    /// <param name="destination">Receives the NNC stream.</param>
    /// <param name="threads">Tensors, and segments of large tensors, worked on side by side; memory grows with it, the bytes do not depend on it.</param>
    /// <param name="progress">Receives one step per tensor.</param>
    /// <param name="statistics">What data say of the model, where the plan needs it; null for nothing.</param>
    /// <param name="cancellationToken">Checked every few thousand weights in whatever is done with them: reading, quantization, search, coding, writing.</param>
    /// <returns>Where every byte went, and the plan with everything decided.</returns>
    /// <exception cref="PlanException">The plan does not fit the model.</exception>
    /// <exception cref="UnsupportedModelException">The model holds names or tensors that a stream cannot carry; all are listed.</exception>
    /// <exception cref="ModelFormatException">The source turns out damaged while it is read.</exception>
    public static CompressionReport Compress(
        Model model,
        CompressionPlan plan,
        Stream destination,
        int threads = 1,
        IProgress<ModelProgress>? progress = null,
        PlanStatistics? statistics = null,
        CancellationToken cancellationToken = default) =>
        Compress(model, plan, destination, new CodedTensors(maxBytes: 0), threads, progress, statistics, cancellationToken);

    /// <summary>The same where some tensors may have been coded before.</summary>
    internal static CompressionReport Compress(
        Model model,
        CompressionPlan plan,
        Stream destination,
        CodedTensors known,
        int threads,
        IProgress<ModelProgress>? progress,
        PlanStatistics? statistics,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(destination);
        plan.CheckAgainst(model, "plan");
        statistics ??= PlanStatistics.None;
        statistics.CheckFor(plan, model);
        if (plan.NeedsCorrection) model = model.WithTensors(statistics.Corrected!);
        if (plan.FoldBatchNorm) model = BatchNormFolding.Apply(model);
        if (plan.VectorTuning) model = model.WithTensors(statistics.Tuned!);
        model = PlannedPruning.Apply(model, plan, statistics, cancellationToken);
        (TensorPlan[] planned, bool[] isKept) = Arrange(model, plan);
        Topology topology = MakeTopology(model, plan, isKept);

        NncStreamSettings settings = new() { Dialect = plan.Edition == 1 ? NncDialect.EditionOne : NncDialect.EditionTwo, Density = plan.QpDensity };
        NncWriter writer = new(destination, settings);
        long headerBytes = writer.ByteCount;
        writer.WriteTopology(topology);
        long topologyBytes = writer.ByteCount - headerBytes;

        ParallelOptions parallel = OrderedWork.OnThreads(threads, cancellationToken);
        TensorEncoder encoder = new(settings, model.Tensors.Count, keepsTypes: plan.Topology != TopologyCarriage.None, keepsZeros: plan.PrunedShare > 0, statistics, parallel);
        TensorReport[] reports = new TensorReport[planned.Length];
        List<SharedValueTable> tables = [];
        List<string> warnings = [];
        long total = model.Tensors.Sum(tensor => tensor.ByteLength);
        long done = 0;
        OrderedWork.Run(
            planned.Length,
            parallel,
            index => TensorEncoder.MemoryNeeded(model.Tensors[index]),
            index => isKept[index] ? TensorEncoder.Keep(model.Tensors[index], planned[index]) : known.GetOrAdd(encoder, model.Tensors[index], planned[index], index),
            (index, result) =>
            {
                foreach (EncodedUnit unit in result.Units) writer.Write(unit, cancellationToken);
                if (result.Table is not null) tables.Add(result.Table);
                reports[index] = result.Report;
                planned[index] = result.Plan;
                warnings.AddRange(result.Warnings);
                done += model.Tensors[index].ByteLength;
                progress?.Report(new ModelProgress("compress", model.Tensors[index].Name, done, total));
            });
        long beforeTables = writer.ByteCount;
        if (tables.Count > 0) writer.Write(encoder.EncodeTables(tables), cancellationToken);
        return new CompressionReport
        {
            Tensors = reports,
            HeaderBytes = headerBytes,
            TopologyBytes = topologyBytes,
            TableBytes = writer.ByteCount - beforeTables,
            TotalBytes = writer.ByteCount,
            Plan = plan with { Tensors = planned },
            Warnings = warnings,
        };
    }

    /// <summary>Compresses to a file, which appears under its name only when whole.</summary>
    /// <exception cref="IOException">The file exists and <paramref name="overwrite"/> is false, or cannot be written.</exception>
    /// <inheritdoc cref="Compress(Model, CompressionPlan, Stream, int, IProgress{ModelProgress}?, PlanStatistics?, CancellationToken)"/>
    public static CompressionReport Compress(
        Model model,
        CompressionPlan plan,
        string path,
        bool overwrite = false,
        int threads = 1,
        IProgress<ModelProgress>? progress = null,
        PlanStatistics? statistics = null,
        CancellationToken cancellationToken = default)
    {
        using PendingFile file = new(path, overwrite);
        CompressionReport report = Compress(model, plan, file.Stream, threads, progress, statistics, cancellationToken);
        file.Commit();
        return report;
    }

    /// <summary>Compresses to a stream on other threads.</summary>
    /// <inheritdoc cref="Compress(Model, CompressionPlan, Stream, int, IProgress{ModelProgress}?, PlanStatistics?, CancellationToken)"/>
    public static Task<CompressionReport> CompressAsync(
        Model model,
        CompressionPlan plan,
        Stream destination,
        int threads = 1,
        IProgress<ModelProgress>? progress = null,
        PlanStatistics? statistics = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Compress(model, plan, destination, threads, progress, statistics, cancellationToken), cancellationToken);

    // Settings of each tensor, and whether the graph keeps it.
    private static (TensorPlan[] Planned, bool[] IsKept) Arrange(Model model, CompressionPlan plan)
    {
        Dictionary<string, TensorPlan> plans = plan.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        TensorPlan[] planned = [.. model.Tensors.Select(tensor => plans[tensor.Name])];
        bool[] isKept = ChooseKept(model, plan, planned);
        CheckTensors(model, isKept);
        return (planned, isKept);
    }

    // Which tensors stay in the graph must be known before the first unit, since the topology comes first.
    private static bool[] ChooseKept(Model model, CompressionPlan plan, TensorPlan[] planned)
    {
        bool[] isKept = new bool[planned.Length];
        if (plan.Topology == TopologyCarriage.None || !model.HasGraph) return isKept;
        for (int i = 0; i < isKept.Length; i++)
        {
            Tensor tensor = model.Tensors[i];
            bool isWanted = planned[i].Method == TensorMethod.Topology || (planned[i].Method == TensorMethod.Lossless && tensor.ByteLength <= MaxTopologyTensorBytes);
            isKept[i] = !model.CanDetach(tensor) || (isWanted && model.CanStayInTopology(tensor));
        }

        return isKept;
    }

    private static Topology MakeTopology(Model model, CompressionPlan plan, bool[] isKept)
    {
        if (plan.Topology == TopologyCarriage.None) return new Topology(TopologyFormat.None, default);
        HashSet<string> coded = new(model.Tensors.Where((_, index) => !isKept[index]).Select(tensor => tensor.Name), StringComparer.Ordinal);
        if (model.MakeTopology(tensor => coded.Contains(tensor.Name)) is { } graph) return graph;
        Tensor[] described = [.. model.Tensors.Where(tensor => tensor.ElementType is not (ElementType.Float32 or ElementType.Int32) || tensor.Shape.Rank == 0)];
        if (described.Length == 0 && model.Metadata.Count == 0) return new Topology(TopologyFormat.None, default);
        return OnnxTopology.FromTensors(described.Select(tensor => (tensor.Name, tensor.ElementType, tensor.Shape)), model.Metadata);
    }

    private static void CheckTensors(Model model, bool[] isKept)
    {
        List<string> problems = [];
        for (int i = 0; i < isKept.Length; i++)
        {
            if (!isKept[i] && Obstacle(model.Tensors[i]) is { } obstacle)
                problems.Add($"tensor {i} '{model.Tensors[i].Name.Replace("\0", "\\0", StringComparison.Ordinal)}': {obstacle}");
        }

        if (problems.Count > 0) throw new UnsupportedModelException(model.Source, problems);
    }

    private static string? Obstacle(Tensor tensor) =>
        !tensor.ElementType.IsNumeric() ? $"{tensor.ElementType.Name()} has no fixed width; leave the tensor out"
        : tensor.Shape.Rank > CompressedDataHeader.MaxRank ? $"it has {tensor.Shape.Rank} dimensions, a stream at most {CompressedDataHeader.MaxRank}; reshape it"
        : tensor.Shape.Dimensions.ContainsAnyExceptInRange(0, CompressedDataHeader.MaxDimension) ? $"it is {tensor.Shape}, and readers of a stream take dimensions of at most {CompressedDataHeader.MaxDimension}; reshape it"
        : StreamNames.IsReserved(tensor.Name) ? "names that end like this have a meaning in the stream (docs/nnc-files.md); rename it"
        : StreamNames.Obstacle(tensor);
}
