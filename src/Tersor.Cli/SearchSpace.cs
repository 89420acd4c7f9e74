using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Compression.Calibration;
using Tersor.Compression.Correction;
using Tersor.Engine.Data;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;

namespace Tersor.Cli;

/// <summary>The plans for a model that a search chooses from, and what it takes to try one.</summary>
internal sealed class SearchSpace
{
    // Enough to tell drops of a tenth of a point apart, few enough for hundreds of trials of single tensors.
    private const int AssessedSamples = 1024;

    // Data say how fine the few weights of a tiny tensor must be: fewer bits than all of them soon serve.
    private const int TinyElementCount = 4;

    // What layers computed for one trial and the next one needs too.
    private const long KeptBytes = 256 << 20;

    private readonly MeasuredModel _measured;
    private readonly Calibrator _calibrator;
    private readonly CalibrationPlan? _calibration;

    // What errors cost, by tensor; null where nobody knows.
    private readonly PlanStatistics? _statistics;
    private readonly bool _tunes;

    /// <summary>Takes statistics of the train part of the data, but for error bounds, which leave levels no choice.</summary>
    /// <param name="measured">The model and its data; batch normalizations are folded in its network.</param>
    /// <param name="options">All but the step sizes; of an error bound the widest that is allowed.</param>
    /// <param name="tunes">Whether the vectors of every plan are tuned, where gradients allow it and the network suits it; not for searches of hundreds of plans.</param>
    /// <exception cref="ResourceLimitException">Train data or statistics take more memory than is left.</exception>
    public SearchSpace(MeasuredModel measured, PlanOptions options, bool tunes)
    {
        Model folded = options.ErrorBound is null ? BatchNormFolding.Apply(measured.Model) : measured.Model;
        options = options with { FoldBatchNorm = !ReferenceEquals(folded, measured.Model), TinyElementCount = TinyElementCount };
        _measured = measured with { Model = folded };
        _calibrator = new Calibrator(_measured);
        CompressionPlan usual = PlanBuilder.Build(measured.Model, options, measured.Threads, measured.Invocation.Progress, measured.Invocation.Cancellation);
        PlanLine line;
        if (options.ErrorBound is not null)
        {
            line = new ErrorBoundLine(usual);
        }
        else
        {
            _calibration = _calibrator.Describe();
            try
            {
                NetworkCurvature curvature = _calibrator.Estimate(_calibration);
                _statistics = new PlanStatistics { Curvatures = curvature.Rows };
                _tunes = tunes && VectorTuning.Suits(OnnxGraph.FromModel(folded));
                line = new SlopeFamily(usual with { Calibration = _calibration, VectorTuning = _tunes }, curvature, options.Lambda);
            }
            catch (UnsupportedModelException reason)
            {
                LacksGradients = true;
                measured.Invocation.Warn($"{reason.Message}: steps are searched by trials of single tensors instead");
                line = new QualityLine(measured.Model, options, measured.Threads);
            }
        }

        Plans = PlanSpace.Of(line, folded, fixesLambda: options.Lambda is not null);
    }

    /// <summary>The plans.</summary>
    public PlanSpace Plans { get; }

    /// <summary>Whether operators without a gradient keep from knowing what errors cost, so that the line of plans is nothing to go by.</summary>
    public bool LacksGradients { get; }

    /// <summary>Train samples to try whole plans on, other than those that statistics are from; fewer where there are not as many.</summary>
    public SampleSet DrawJudged() => _calibrator.DrawOthers(CalibrationSamples.ForJudging(OnnxGraph.FromModel(_measured.Model)), _calibration);

    /// <summary>The model's answers before any change.</summary>
    public AnswerComparison AnswersTo(SampleSet samples) => AnswersTo(samples, _measured.Memory.TakeUpTo(KeptBytes));

    /// <summary>Tries plans in memory.</summary>
    /// <param name="judged">The model's answers to the samples for whole plans.</param>
    public PlanTrials TrialsWith(AnswerComparison judged) =>
        new(_measured.Model, _measured.Network.Graph, judged, () => AnswersTo(DrawAssessed()), () => AnswersToWide(judged), _statistics, _measured.Threads, _tunes ? _calibrator.Tuning(_calibration!) : null);

    /// <summary>What trials are of, for a journal of them.</summary>
    /// <param name="judged">The samples for whole plans.</param>
    public JournalSubject DescribeTrials(SampleSet judged)
    {
        string data = string.Join(' ', _calibration?.Digest, _calibrator.DigestOf(judged), _calibrator.DigestOf(DrawAssessed()), _calibrator.DigestOf(DrawWide()));
        return Describe(_measured.Model, data);
    }

    /// <summary>What trials of sizes alone are of.</summary>
    public static JournalSubject Describe(Model model, string data) => new($"tersor {Output.Report.ToolVersion}", ModelDigest.Of(model), data.Trim());

    private AnswerComparison AnswersTo(SampleSet samples, long keptBytes) =>
        new(_measured.Network.Graph, samples, _measured.PreprocessingFor(samples), _measured.Kernels, keptBytes: keptBytes, cancellationToken: _measured.Invocation.Cancellation);

    // Of small networks and small sets they are the judged ones.
    private AnswerComparison AnswersToWide(AnswerComparison judged)
    {
        SampleSet wide = DrawWide();
        return wide.Count == judged.Samples ? judged : AnswersTo(wide, keptBytes: 0);
    }

    private SampleSet DrawWide() => _calibrator.DrawOthers(CalibrationSamples.ForJudgingWidely(OnnxGraph.FromModel(_measured.Model)), _calibration);

    private SampleSet DrawAssessed() => _calibrator.DrawOthers(AssessedSamples, _calibration);
}
