using System.Text.RegularExpressions;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Quantization;
using Tersor.Quantization.Prediction;

namespace Tersor.Plans;

/// <summary>
/// Makes a plan from options, without data: tensors of two or more dimensions are quantized, vectors finely, integers and tiny tensors kept exactly.
/// </summary>
public static class PlanBuilder
{
    /// <summary>QP of tensors with fewer than two dimensions where a QP is given: the reference software's default.</summary>
    public const int ReferenceVectorQp = -75;

    /// <summary>Float tensors of at most this many elements are usually kept exactly: a unit header costs more than their bits.</summary>
    public const int TinyElementCount = 16;

    /// <summary>The rate weight of rate-distortion optimized methods where none is given, in the reference software's scale.</summary>
    public const double DefaultLambda = 1;

    // 128 steps per octave: the largest step within an error bound is at most 0.8 % short of it.
    private const int FinestDensity = 7;

    /// <summary>Settings for every tensor of <paramref name="model"/>.</summary>
    /// <param name="model">The model; its weights are read only where a quality, not a QP, decides the steps.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="threads">Tensors looked at side by side; the plan does not depend on it.</param>
    /// <param name="progress">Receives one step per tensor read.</param>
    /// <param name="cancellationToken">Checked per tensor.</param>
    /// <exception cref="PlanException">The options contradict each other or a pattern matches no tensor; every problem is listed.</exception>
    /// <exception cref="ModelFormatException">The model turns out damaged while its weights are read.</exception>
    public static CompressionPlan Build(
        Model model, PlanOptions options, int threads = 1, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        Check(model, options);
        if (options.FoldBatchNorm) model = BatchNormFolding.Apply(model);
        TensorPlan[] plans = new TensorPlan[model.Tensors.Count];
        long total = model.Tensors.Sum(tensor => tensor.ByteLength);
        long done = 0;
        OrderedWork.Run(
            plans.Length,
            OrderedWork.OnThreads(threads, cancellationToken),
            index => MemoryNeeded(model.Tensors[index]),
            index => PlanTensor(model.Tensors[index], options),
            (index, plan) =>
            {
                plans[index] = plan;
                done += model.Tensors[index].ByteLength;
                progress?.Report(new ModelProgress("plan", model.Tensors[index].Name, done, total));
            });
        return new CompressionPlan
        {
            Edition = options.Edition,
            Topology = options.Topology,
            QpDensity = options.ErrorBound is null ? StepSize.DefaultDensity : FinestDensity,
            FoldBatchNorm = options.FoldBatchNorm,
            PrunedShare = options.PrunedShare,
            BiasCorrection = options.BiasCorrection,
            BatchNormReestimation = options.BatchNormReestimation,
            VectorTuning = options.VectorTuning,
            Tensors = plans,
        };
    }

    // The floats, and their magnitudes where those of a vector are sorted.
    private static long MemoryNeeded(Tensor tensor) => 8 * Math.Max(1, tensor.ElementCount);

    private static void Check(Model model, PlanOptions options)
    {
        List<string> problems = [];
        if (options.Qp is int qp && (qp < StepSize.MinQp() || qp > StepSize.MaxQp()))
            problems.Add($"QP {qp} is not {StepSize.MinQp()}..{StepSize.MaxQp()}");
        if (options.Quality is < 1 or > 100) problems.Add($"quality {options.Quality} is not 1..100");
        if (options.Edition is not (1 or 2)) problems.Add($"edition {options.Edition} is not 1 or 2");
        if (options.Method is TensorMethod method && !method.IsLossy()) problems.Add($"method {method.Name()} keeps every bit; ask for lossless instead");
        if (options.Lossless && (options.Qp is not null || options.Method is not null)) problems.Add("lossless takes neither a QP nor a method");
        if (options.ErrorBound is not null && (options.Qp is not null || options.Method is not null || options.Lambda is not null || options.Lossless))
            problems.Add("an error bound takes neither a QP nor a method nor a lambda, and is not lossless");
        if (options.Predictor != Predictor.Zero && options.ErrorBound is null or { Mode: ErrorBoundMode.Pointwise })
            problems.Add("a predictor is for absolute and relative error bounds");
        if (options.Method is { } weighed && weighed.IsLossy() && !weighed.HasObjective() && options.Weighting != ErrorWeighting.None) problems.Add($"method {weighed.Name()} weighs no errors");
        if (!(options.PrunedShare is >= 0 and <= 1)) problems.Add("the pruned share is not 0..1");
        bool isExact = options.Lossless || options.ErrorBound is not null;
        if (isExact && (options.PrunedShare > 0 || options.Weighting != ErrorWeighting.None || options.LocalScaling || options.BiasCorrection || options.BatchNormReestimation || options.VectorTuning))
            problems.Add("lossless and error bounds leave nothing to weigh, to prune, to scale or to correct");
        if (options.VectorTuning && (options.BiasCorrection || options.BatchNormReestimation)) problems.Add(CompressionPlan.TuningExcludes);
        if (options.Method == TensorMethod.ErrorBounded) problems.Add($"method {TensorMethod.ErrorBounded.Name()} needs an error bound; state that alone");
        if (options.Lambda is double lambda && (!(lambda >= 0) || double.IsInfinity(lambda))) problems.Add("lambda is not a number from 0");
        if (options.CodebookSize is < 2 or > 65536) problems.Add($"codebook size {options.CodebookSize} is not 2..65536");
        foreach (Regex pattern in options.Include.Concat(options.Exclude))
        {
            if (!model.Tensors.Any(tensor => pattern.IsMatch(tensor.Name)))
                problems.Add($"pattern '{pattern}' matches none of the {model.Tensors.Count} tensors of {model.Source}");
        }

        if (problems.Count > 0) throw new PlanException(problems);
    }

    private static TensorPlan PlanTensor(Tensor tensor, PlanOptions options)
    {
        bool selected = (options.Include.Count == 0 || options.Include.Any(pattern => pattern.IsMatch(tensor.Name)))
            && !options.Exclude.Any(pattern => pattern.IsMatch(tensor.Name));
        TensorPlan exact = new() { Name = tensor.Name, Method = TensorMethod.Lossless };
        if (!selected || options.Lossless || !tensor.ElementType.IsQuantizable() || tensor.ElementCount == 0) return exact;
        if (options.ErrorBound is not null)
            return tensor.ElementCount <= TinyElementCount ? exact : new TensorPlan { Name = tensor.Name, Method = TensorMethod.ErrorBounded, ErrorBound = options.ErrorBound, Predictor = options.Predictor };
        bool isWeight = tensor.Shape.Rank >= 2;
        if (options.Qp is int qp)
        {
            TensorMethod method = options.Method ?? TensorMethod.Trellis;
            return isWeight
                ? Weight(tensor.Name, method, qp, options)
                : new TensorPlan { Name = tensor.Name, Method = WithoutRate(method), Qp = ReferenceVectorQp };
        }

        if (tensor.ElementCount <= options.TinyElementCount) return exact;
        float[] values = tensor.ReadSingles();
        if (!isWeight && values.All(value => value is 0 or 1)) return new TensorPlan { Name = tensor.Name, Method = TensorMethod.Uniform };
        TensorMethod chosen = isWeight ? options.Method ?? TensorMethod.TrellisRdo : TensorMethod.Trellis;
        int chosenQp = isWeight ? QualityScale.WeightQp(values, options.Quality, chosen) : QualityScale.VectorQp(values, options.Quality);

        // So small that no step a unit can state is fine enough.
        if (chosenQp == StepSize.MinQp()) return exact;
        return isWeight ? Weight(tensor.Name, chosen, chosenQp, options) : new TensorPlan { Name = tensor.Name, Method = chosen, Qp = chosenQp };
    }

    private static TensorPlan Weight(string name, TensorMethod method, int qp, PlanOptions options) => new()
    {
        Name = name,
        Method = method,
        Qp = qp,
        Lambda = method is TensorMethod.UniformRdo or TensorMethod.TrellisRdo ? options.Lambda ?? DefaultLambda : 0,
        CodebookSize = method == TensorMethod.Codebook ? options.CodebookSize : 0,
        Weighting = options.Weighting,
        LocalScaling = options.LocalScaling,
    };

    // Vectors carry biases and batch-norm statistics: a rate term would zero what matters most.
    private static TensorMethod WithoutRate(TensorMethod method) => method is TensorMethod.Trellis or TensorMethod.TrellisRdo ? TensorMethod.Trellis : TensorMethod.Uniform;
}
