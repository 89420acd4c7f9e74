using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Compression.Calibration;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Cli;

/// <summary>All plans for a model that data suggest, from fine to coarse, and what it takes to try one.</summary>
internal sealed class SearchSpace
{
    // The distance of outputs says more per sample than right answers.
    private const int AssessedSamples = 256;

    private readonly Invocation _invocation;
    private readonly ExecutableModel _original;
    private readonly Model _model;
    private readonly PlanOptions _options;
    private readonly Calibrator _calibrator;
    private readonly CalibrationPlan _calibration;
    private readonly KernelThreads _kernels;
    private readonly int _threads;

    /// <summary>Takes statistics of the train part of the data.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="original">The model as a network; batch normalizations are folded in it.</param>
    /// <param name="model">The model.</param>
    /// <param name="options">All but the step sizes.</param>
    /// <param name="source">The data.</param>
    /// <param name="evaluation">How samples become inputs.</param>
    /// <param name="memory">Bounds the train data.</param>
    /// <param name="kernels">Where the network runs.</param>
    /// <param name="threads">Tensors compressed side by side.</param>
    /// <exception cref="ResourceLimitException">The train data take more memory than is left.</exception>
    public SearchSpace(
        Invocation invocation,
        ExecutableModel original,
        Model model,
        PlanOptions options,
        DataSource source,
        EvaluationOptions evaluation,
        MemoryBudget memory,
        KernelThreads kernels,
        int threads)
    {
        (_invocation, _original, _model, _kernels, _threads) = (invocation, original, model, kernels, threads);
        Model folded = BatchNormFolding.Apply(model);
        _options = options with { FoldBatchNorm = !ReferenceEquals(folded, model) };
        _calibrator = new Calibrator(invocation, original, folded, source, evaluation, memory, kernels);
        CompressionPlan usual = PlanBuilder.Build(model, _options, threads, invocation.Progress, invocation.Cancellation);
        _calibration = _calibrator.Describe(folded, source.Seed);
        try
        {
            NetworkCurvature curvature = _calibrator.Estimate(_calibration);
            Family = new SlopeFamily(usual with { Calibration = _calibration }, curvature, _options.Lambda);
            Curvatures = curvature.Rows;
        }
        catch (UnsupportedModelException reason)
        {
            invocation.Warn($"{reason.Message}: steps are searched by trials of single tensors instead");
            Family = Assess(usual, DrawTraining(AssessedSamples));
        }
    }

    /// <summary>The plans.</summary>
    public PlanFamily Family { get; }

    /// <summary>What errors cost, by tensor; null where operators have no gradient.</summary>
    public IReadOnlyDictionary<string, RowCurvature>? Curvatures { get; }

    /// <summary>Trials of single tensors that it took.</summary>
    public int TensorTrials { get; private set; }

    /// <summary>Train samples to try plans on, other than those that statistics are from; fewer where there are not as many.</summary>
    public SampleSet DrawTraining(int count) => _calibrator.DrawOthers(count, _calibration);

    /// <summary>Tries plans in memory.</summary>
    public PlanTrials TrialsWith(AnswerComparison answers) => new(_original.Graph, answers, Curvatures, _threads);

    /// <summary>The model's answers before any change.</summary>
    public AnswerComparison AnswersTo(SampleSet samples) =>
        new(_original.Graph, samples, _calibrator.PreprocessingFor(samples), _kernels, cancellationToken: _invocation.Cancellation);

    private HullFamily Assess(CompressionPlan plan, SampleSet samples)
    {
        CountProgress progress = new(_invocation.Progress, "assess", _original.Path, SensitivityAssessment.TrialCount(_model, plan), "trials");
        IReadOnlyList<TensorAssessment> assessments = SensitivityAssessment.Run(_model, plan, TrialsWith(AnswersTo(samples)), progress, _invocation.Cancellation);
        TensorTrials = assessments.Sum(tensor => tensor.Steps.Count);
        return new HullFamily(plan, assessments);
    }
}
