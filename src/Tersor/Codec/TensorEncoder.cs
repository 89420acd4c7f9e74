using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Nnc;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Codec;

/// <summary>Turns one tensor into units after its plan. Holds no state of a tensor, so several threads may use it at once.</summary>
/// <param name="stream">Settings of the stream.</param>
/// <param name="tensorCount">How many tensors the model has.</param>
/// <param name="keepsTypes">Whether a topology says the types of the tensors.</param>
/// <param name="keepsZeros">Whether weights that are zero stay so, whatever it would save to give them up.</param>
/// <param name="statistics">What data say of the tensors whose plans ask for it.</param>
/// <param name="parallel">The threads that work inside a large tensor when they have no other, and what stops the work.</param>
internal sealed partial class TensorEncoder(
    NncStreamSettings stream, int tensorCount, bool keepsTypes, bool keepsZeros, PlanStatistics statistics, ParallelOptions parallel)
{
    // Elements that are quantized by one thread without looking up.
    private const int PieceLength = 1 << 16;

    // Blocks of up to 64; what a search may choose from.
    private const int LargestScan = 4;

    // Of zeros that are to stay: more than any path saves.
    private const float LargestImportance = 1e6f;

    /// <summary>What came of a tensor.</summary>
    /// <param name="Plan">With everything decided.</param>
    /// <param name="Units">The tensor's units, mostly one; none where it travels inside the topology.</param>
    /// <param name="Table">The values that the unit's levels index, to be written with those of the other tensors; null for other methods.</param>
    /// <param name="Report">Size and error.</param>
    /// <param name="Warnings">What a user should know.</param>
    public sealed record Result(TensorPlan Plan, IReadOnlyList<EncodedUnit> Units, SharedValueTable? Table, TensorReport Report, IReadOnlyList<string> Warnings);

    /// <summary>All that <see cref="Encode"/> depends on beside the tensor, its plan, its place and its statistics.</summary>
    public (NncStreamSettings Stream, int TensorCount, bool KeepsTypes, bool KeepsZeros) Surroundings => (stream, tensorCount, keepsTypes, keepsZeros);

    /// <summary>About how many bytes <see cref="Encode"/> holds for a tensor: floats, levels, the trellis' decisions, and what it writes.</summary>
    public static long MemoryNeeded(Tensor tensor) => 16 * Math.Max(1, tensor.ElementCount);

    /// <summary>What errors cost together by the plan of a tensor; null where it does not ask.</summary>
    public RowCurvature? CurvatureFor(TensorPlan plan) => plan.Compensated ? statistics.Curvatures[plan.Name] : null;

    /// <summary>What each error costs by the plan of a tensor; empty where it does not ask.</summary>
    public ReadOnlyMemory<float> ImportanceOf(TensorPlan plan) => plan.Weighting == ErrorWeighting.None ? default : statistics.Importances[plan.Name];

    /// <summary>A tensor that travels inside the topology.</summary>
    public static Result Keep(Tensor tensor, TensorPlan plan) =>
        new(Exact(plan, TensorMethod.Topology), [], null, Report(tensor, TensorMethod.Topology, null), []);

    /// <summary>Encodes a tensor; <paramref name="ordinal"/> is its place in the model.</summary>
    public Result Encode(Tensor tensor, TensorPlan plan, int ordinal)
    {
        List<string> warnings = [];
        Encoding encoding = plan.Method == TensorMethod.ErrorBounded ? ErrorBounded(tensor, plan, ordinal, warnings)
            : plan.Method.IsLossy() ? Lossy(tensor, plan, ordinal, warnings) : Lossless(tensor, plan, ordinal);

        ElementType comesBackAs = encoding.Plan.Method == TensorMethod.Integer ? ElementType.Int32
            : encoding.Plan.Method.IsLossy() ? ElementType.Float32 : tensor.ElementType;
        if (!keepsTypes && comesBackAs != tensor.ElementType)
            warnings.Add($"tensor '{tensor.Name}': {tensor.ElementType.Name()} comes back as {comesBackAs.Name()}, as nothing but a topology can say its type");
        if (!keepsTypes && tensor.Shape.Rank == 0 && (encoding.Plan.Method != TensorMethod.Raw || tensor.ElementType == ElementType.Float32))
            warnings.Add($"tensor '{tensor.Name}': a scalar comes back as a list of one, as nothing but a topology can say that it has no dimensions");
        return new Result(encoding.Plan, encoding.Side is null ? [encoding.Unit] : [encoding.Unit, encoding.Side], encoding.Table, encoding.Report, warnings);
    }

    private Encoding Lossy(Tensor tensor, TensorPlan plan, int ordinal, List<string> warnings)
    {
        float[] values = tensor.ReadSingles(parallel.CancellationToken);
        parallel.CancellationToken.ThrowIfCancellationRequested();
        if (HasNoStep(tensor, values, warnings)) return Raw(tensor, plan, ordinal);
        int density = stream.Density;

        // A codebook that is given is of the step that was given with it.
        int qp = plan.Codebook is null ? LevelRange.RaiseQp(values, plan.Qp, density) : plan.Qp;
        if (qp > StepSize.MaxQp(density)) return Raw(tensor, plan, ordinal);
        if (qp != plan.Qp) warnings.Add($"tensor '{tensor.Name}': QP {plan.Qp} raised to {qp}, as its levels would pass 32 bits");
        plan = plan with { Qp = qp };
        Encoding coded = plan.Method == TensorMethod.Codebook ? Codebook(tensor, values, plan, ordinal) : Quantized(tensor, values, plan, ordinal);
        if (coded.Report.Bytes < tensor.ByteLength)
        {
            if (coded.Report.SqnrDb == 0) warnings.Add($"tensor '{tensor.Name}': every weight becomes 0 at QP {qp}; a lower QP or leaving the tensor out keeps it");
            return coded;
        }

        Encoding raw = Raw(tensor, plan, ordinal);
        return raw.Report.Bytes <= coded.Report.Bytes ? raw : coded;
    }

    private static bool HasNoStep(Tensor tensor, float[] values, List<string> warnings)
    {
        int at = NonFiniteWeight.IndexOf(values);
        if (at < 0) return false;
        warnings.Add($"tensor '{tensor.Name}': element {at} is {(float.IsNaN(values[at]) ? "NaN" : tensor.ElementType == ElementType.Float64 ? "infinite in binary32" : "infinite")}, so it is stored exactly");
        return true;
    }

    private Encoding Quantized(Tensor tensor, float[] values, TensorPlan plan, int ordinal)
    {
        bool dependent = plan.Method.IsDependent();
        if (plan.Compensated) plan = plan with { Scan = 0 };
        double step = StepSize.FromQp(plan.Qp, stream.Density);
        LevelRule rule = LevelRule.Uniform(plan.Qp, dependent, stream.Density);

        // Rates are taken under the default N and scan, not those found afterwards: else a saved plan, which states them, would give other levels. Dependent
        // levels alone are made for a scan order.
        LevelSyntax syntax = SyntaxOf(tensor.Shape, plan with { GreaterFlags = 0, Scan = dependent ? plan.Scan : 0 }, rule);
        int[] levels = GC.AllocateUninitializedArray<int>(values.Length);
        double lambda = plan.Method is TensorMethod.UniformRdo or TensorMethod.TrellisRdo ? plan.Lambda : 0;
        float[] importance = ImportanceFor(plan);
        if (keepsZeros && dependent) importance = WithZerosKept(values, importance);
        if (plan.Compensated) CompensatedTrellis.Quantize(values, step, syntax, lambda, statistics.Curvatures[tensor.Name], levels, parallel.CancellationToken);
        else if (dependent) TrellisQuantizer.Quantize(values, step, syntax, lambda, importance, levels, parallel);
        else RateDistortionQuantizer.Quantize(values, step, syntax, lambda, importance, levels, parallel);
        return Coded(tensor, values, importance, new LevelTensor(tensor.Name, tensor.Shape, levels, rule), plan, ordinal);
    }

    private float[] ImportanceFor(TensorPlan plan) =>
        plan.Weighting == ErrorWeighting.None ? [] : Importance.Normalize(ImportanceOf(plan).Span);

    // The trellis may leave a zero to get into a better state.
    private static float[] WithZerosKept(float[] values, float[] importance)
    {
        float[] factors = new float[values.Length];
        for (int i = 0; i < factors.Length; i++) factors[i] = values[i] == 0 ? LargestImportance : importance.Length == 0 ? 1 : importance[i];
        return factors;
    }

    // A unit of levels, with factors of the rows where the plan has them scaled.
    private Encoding Coded(Tensor tensor, float[] values, float[] importance, LevelTensor levels, TensorPlan plan, int ordinal)
    {
        LevelTensor? factors = null;
        QuantizationError error;
        if (plan.LocalScaling && values.Length > 0)
        {
            float[] decoded = levels.ToSingles();
            factors = Factors(levels, values, decoded, importance);
            NncComposition.ScaleRows(decoded, factors.ToSingles());
            error = ErrorOf(tensor, values, decoded);
        }
        else
        {
            error = levels.Rule.Kind == LevelKind.Uniform && !IsRounded(tensor) ? QuantizationError.OfLevels(values, levels.Levels, levels.Rule.Step) : ErrorOf(tensor, values, levels.ToSingles());
        }

        (EncodedUnit unit, TensorPlan decided) = EncodeLevels(levels, plan, ordinal, factors);
        TensorReport report = Report(tensor, plan.Method, unit, plan.Qp, levels.Rule.Step, error);
        return new Encoding(decided, unit, report with { Compensated = plan.Compensated, Weighting = plan.Weighting, LocalScaling = plan.LocalScaling });
    }

    // What is decoded is rounded to a narrow type of the source, where the stream says that type.
    private bool IsRounded(Tensor tensor) => keepsTypes && tensor.ElementType is (ElementType.Float16 or ElementType.BFloat16);

    private QuantizationError ErrorOf(Tensor tensor, float[] values, float[] decoded)
    {
        if (IsRounded(tensor))
        {
            for (int i = 0; i < decoded.Length; i++) decoded[i] = ConvertedSource.Round(decoded[i], tensor.ElementType);
        }

        return QuantizationError.Between(values, decoded);
    }

    private LevelTensor Factors(LevelTensor weight, float[] values, float[] decoded, float[] importance)
    {
        float[] factors = new float[weight.Shape[0]];
        LocalScaling.Fit(values, decoded, importance, factors);
        int qp = LocalScaling.StepExponent << stream.Density;
        bool dependent = weight.Rule.DependentQuantization;
        TensorShape shape = new(factors.Length);
        LevelRule rule = LevelRule.Uniform(qp, dependent, stream.Density);
        int[] levels = new int[factors.Length];
        if (dependent) TrellisQuantizer.Quantize(factors, rule.Step, SyntaxOf(shape, new TensorPlan { Name = weight.Name, Method = TensorMethod.Trellis }, rule), 0, [], levels);
        else UniformQuantizer.Quantize(factors, rule.Step, levels);
        return new LevelTensor(StreamNames.ScalingOf(weight.Name), shape, levels, rule, NncTensorRole.LocalScaling);
    }

    private Encoding Codebook(Tensor tensor, float[] values, TensorPlan plan, int ordinal)
    {
        double step = StepSize.FromQp(plan.Qp, stream.Density);
        float[] importance = ImportanceFor(plan);
        int[] entries = plan.Codebook is { } given
            ? [.. given.Entries]
            : CodebookQuantizer.Design(values, step, plan.CodebookSize, keepZeros: true, CentroidInitialization.Linear, importance, seed: 0, parallel.CancellationToken);
        int[] levels = GC.AllocateUninitializedArray<int>(values.Length);
        ForEachPiece(values.Length, range => CodebookQuantizer.Quantize(values.AsSpan(range), step, entries, levels.AsSpan(range)));

        // Symbol 0 is the entry nearest to zero: the most frequent one of weights that crowd there.
        int zero = 0;
        for (int i = 1; i < entries.Length; i++)
        {
            if (Math.Abs((long)entries[i]) < Math.Abs((long)entries[zero])) zero = i;
        }

        foreach (ref int level in levels.AsSpan()) level -= zero;
        LevelTensor coded = new(tensor.Name, tensor.Shape, levels, LevelRule.FromCodebook(new NncCodebook(entries, zero), plan.Qp, stream.Density));
        return Coded(tensor, values, importance, coded, plan, ordinal);
    }

    private void ForEachPiece(int length, Action<Range> work) => Parallel.For(
        0, (int)((length + PieceLength - 1L) / PieceLength), parallel, piece => work((piece * PieceLength)..(int)Math.Min(length, (piece + 1L) * PieceLength)));

    private Encoding Lossless(Tensor tensor, TensorPlan plan, int ordinal)
    {
        bool isFree = plan.Method is TensorMethod.Lossless or TensorMethod.Topology;
        Encoding best = Raw(tensor, plan, ordinal);
        if ((isFree || plan.Method == TensorMethod.Integer) && TryIntegers(tensor, plan, ordinal) is { } integer)
            best = Smaller(best, integer);
        if ((isFree || plan.Method == TensorMethod.Shared) && TryShared(tensor, plan, ordinal) is { } shared)
            best = Smaller(best, shared);
        return best;
    }

    // A table is written later, with the others; its share counts.
    private Encoding Smaller(Encoding first, Encoding second) => Cost(second) < Cost(first) ? second : first;

    private long Cost(Encoding encoding) => encoding.Report.Bytes + (encoding.Table is null ? 0 : EncodeTables([encoding.Table]).ByteCount);

    private Encoding? TryIntegers(Tensor tensor, TensorPlan plan, int ordinal)
    {
        if (!tensor.ElementType.IsInteger() || tensor.ElementCount > Array.MaxLength || IntegerElements.TryRead(tensor) is not { } levels) return null;
        LevelTensor coded = new(tensor.Name, tensor.Shape, levels, LevelRule.Integer);
        (EncodedUnit unit, TensorPlan decided) = EncodeLevels(coded, Exact(plan, TensorMethod.Integer), ordinal);
        return new Encoding(decided, unit, Report(tensor, TensorMethod.Integer, unit));
    }

    /// <summary>The unit with the tables of all index tensors, in the order in which those are written.</summary>
    public EncodedUnit EncodeTables(IReadOnlyList<SharedValueTable> tables)
    {
        int[] numbers = SharedValueTable.Join(tables);
        LevelTensor tensor = new(StreamNames.Tables, new TensorShape(numbers.Length), numbers, LevelRule.Integer);
        return EncodeLevels(tensor, new TensorPlan { Name = StreamNames.Tables, Method = TensorMethod.Integer }, tensorCount).Unit;
    }

    private Encoding? TryShared(Tensor tensor, TensorPlan plan, int ordinal)
    {
        if (tensor.ElementType != ElementType.Float32 || tensor.ElementCount is 0 or > int.MaxValue / 4) return null;

        // An entry of the table costs most of a float: more of them than half the elements cannot pay.
        int limit = (int)Math.Min(SharedValueTable.MaxCount, tensor.ElementCount / 2);
        if (!SharedValueTable.TryBuild(
            tensor.ReadSingles(parallel.CancellationToken), limit, out SharedValueTable? table, out int[]? levels, parallel.CancellationToken)) return null;
        TensorPlan shared = Exact(plan, TensorMethod.Shared);
        Encoding best = Indexed(tensor, StreamNames.Index, tensor.Shape, levels, table, shared, ordinal);
        if (tensor.Shape.Rank < 2 || tensor.Shape[0] == 1 || tensor.Shape[1] == 1) return best;
        long[] dimensions = tensor.Shape.Dimensions.ToArray();
        (dimensions[0], dimensions[1]) = (dimensions[1], dimensions[0]);
        int[] swapped = new int[levels.Length];
        LeadingAxes.Swap<int>(levels, (int)tensor.Shape[0], (int)tensor.Shape[1], swapped);
        return Smaller(best, Indexed(tensor, StreamNames.SwappedIndex, new TensorShape(dimensions), swapped, table, shared, ordinal));
    }

    private Encoding Indexed(Tensor tensor, string ending, TensorShape shape, int[] levels, SharedValueTable table, TensorPlan plan, int ordinal)
    {
        (EncodedUnit unit, TensorPlan decided) = EncodeLevels(new LevelTensor(tensor.Name + ending, shape, levels, LevelRule.Integer), plan, ordinal);
        return new Encoding(decided, unit, Report(tensor, TensorMethod.Shared, unit), table);
    }

    private Encoding Raw(Tensor tensor, TensorPlan plan, int ordinal)
    {
        NncUnitOptions options = new() { ParameterId = ordinal };
        EncodedUnit unit;
        if (tensor.ElementType == ElementType.Float32)
        {
            unit = NncUnitEncoder.EncodeRaw(tensor.Name, tensor.Shape, tensor.Data, stream, options);
        }
        else
        {
            long words = (tensor.ByteLength + 3) / 4;
            ByteSource data = words * 4 == tensor.ByteLength ? tensor.Data : Padded(tensor.Data, words * 4);
            unit = NncUnitEncoder.EncodeRaw(StreamNames.OfBits(tensor), new TensorShape(words), data, stream, options);
        }

        return new Encoding(Exact(plan, TensorMethod.Raw), unit, Report(tensor, TensorMethod.Raw, unit));
    }

    private static ByteSource Padded(ByteSource data, long length) => ByteSource.Deferred(data.Name, length, cancellationToken =>
    {
        byte[] bytes = new byte[length];
        data.ReadAll(cancellationToken).Span.CopyTo(bytes);
        return bytes;
    });

    // N and scan order: as planned, or by what the levels cost.
    private (EncodedUnit Unit, TensorPlan Decided) EncodeLevels(LevelTensor tensor, TensorPlan plan, int ordinal, LevelTensor? factors = null)
    {
        LevelSyntax start = SyntaxOf(tensor.Shape, plan, tensor.Rule);
        LevelSyntaxFreedom freedom = new()
        {
            GreaterFlagCount = plan.GreaterFlags == 0,
            LargestScanOrder = plan.Scan is null ? LargestScan : 0,
            RowSkipping = plan.RowSkipping switch { true => RowSkipping.On, false => RowSkipping.Off, null => RowSkipping.WherePaying },
        };
        LevelSyntaxChoice choice = LevelSyntaxSearch.Choose(start, freedom, [], [], tensor.Levels, parallel);
        NncUnitOptions options = new()
        {
            ParameterId = ordinal,
            GreaterFlagCount = choice.Syntax.GreaterFlagCount,
            ScanOrder = choice.Syntax.ScanOrder,

            // What was chosen for the levels does not suit the factors beside them.
            Coding = factors is null ? choice.Options : choice.Options with { Choice = null },
        };
        return (
            factors is null ? NncUnitEncoder.Encode(tensor, stream, options, parallel.CancellationToken) : NncUnitEncoder.EncodeBlock([tensor, factors], stream, options),
            plan with { GreaterFlags = choice.Syntax.GreaterFlagCount, Scan = choice.Syntax.ScanOrder, RowSkipping = choice.RowSkipping == RowSkipping.On });
    }

    private LevelSyntax SyntaxOf(TensorShape shape, TensorPlan plan, LevelRule rule)
    {
        (int rows, int columns) = MatrixView.Of(shape);
        return new LevelSyntax
        {
            Dialect = stream.Dialect,
            RowCount = rows,
            RowLength = columns,
            GreaterFlagCount = plan.GreaterFlags == 0 ? NncUnitOptions.Default.GreaterFlagCount : plan.GreaterFlags,
            ScanOrder = plan.Scan ?? 0,
            DependentQuantization = rule.DependentQuantization,
            CodebookSize = rule.Codebook?.Size ?? 0,
            CodebookZero = rule.Codebook?.ZeroIndex ?? 0,
        };
    }

    private static TensorPlan Exact(TensorPlan plan, TensorMethod method) => new()
    {
        Name = plan.Name,
        Method = method,
        GreaterFlags = method is TensorMethod.Raw or TensorMethod.Topology ? 0 : plan.GreaterFlags,
        Scan = method is TensorMethod.Raw or TensorMethod.Topology ? null : plan.Scan,
        RowSkipping = method is TensorMethod.Raw or TensorMethod.Topology ? null : plan.RowSkipping,
    };

    private static TensorReport Report(
        Tensor tensor, TensorMethod method, EncodedUnit? unit, int? qp = null, double? step = null, QuantizationError? error = null) => new()
        {
            Name = tensor.Name,
            ElementType = tensor.ElementType,
            Shape = tensor.Shape,
            Method = method,
            Qp = qp,
            StepSize = step,
            SourceBytes = tensor.ByteLength,
            Bytes = unit?.ByteCount ?? 0,
            SqnrDb = error?.SqnrDb ?? double.PositiveInfinity,
            MaxAbsError = error?.MaxAbsError ?? 0,
        };

    // What a tensor needs beside its own unit: a table, which is written with those of the others, or a unit right behind.
    private sealed record Encoding(TensorPlan Plan, EncodedUnit Unit, TensorReport Report, SharedValueTable? Table = null, EncodedUnit? Side = null);
}
