using System.CommandLine;
using Tersor.Cli.Output;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;
using Tersor.Quantization.Prediction;

namespace Tersor.Cli.Options;

/// <summary>What the user asks of a compression: a plan file, or the options from which a plan is made.</summary>
internal sealed class CompressionOptions
{
    private readonly Option<int?> _qp = ValueOption.Integer(
        "--qp",
        "Step size of tensors with two or more dimensions, as the reference software means it: four steps per octave, 0 is step 1; "
        + $"the others get {PlanBuilder.ReferenceVectorQp}.",
        StepSize.MinQp(),
        StepSize.MaxQp());

    private readonly Option<int?> _quality = ValueOption.Integer(
        "--quality", $"1 (smallest) to 100 (finest); {PlanOptions.DefaultQuality} if neither this nor --qp is given.", 1, 100);

    private readonly Option<TensorMethod?> _method = ValueOption.Choice<TensorMethod>(
        "--method",
        "How tensors with two or more dimensions are quantized; see tersor list methods.",
        [.. TensorMethods.All.Where(entry => entry.Method.IsLossy() && entry.Method != TensorMethod.ErrorBounded).Select(entry => (entry.Name, entry.Method))]);

    private readonly Option<double?> _lambda = ValueOption.Real(
        "--lambda", $"Weight of the bits for the rate-distortion optimized methods; {PlanBuilder.DefaultLambda} if not given.", 0, 1e6);

    private readonly Option<int?> _codebookSize = ValueOption.Integer("--codebook-size", "Entries of each codebook for --method codebook.", 2, 65536);

    private readonly Option<ErrorBound?> _errorBound = ValueOption.Text(
        "--error-bound",
        "Every weight comes back within this bound: abs:X by at most X, rel:X by at most X times the tensor's range, pointwise:X by at most X times itself. Checked before the file is written. With a budget, smaller bounds are searched for.",
        "SPEC",
        ErrorBound.Parse,
        ErrorBound.Form);

    private readonly Option<Predictor?> _predictor = ValueOption.Choice<Predictor>(
        "--predictor",
        "What weights are predicted from under --error-bound abs or rel; zero if not given, auto tries all for each tensor.",
        [.. Predictors.All.Select(entry => (entry.Name, entry.Predictor))]);

    private readonly Option<ErrorWeighting?> _weighting = ValueOption.Choice<ErrorWeighting>(
        "--weighting",
        "What errors of weights count for when levels are chosen: all alike (none; if not given), or by --data: fisher (how far the model's answers move), empirical (the loss on the data's labels), outputs (how far outputs move).",
        [.. ErrorWeightings.All.Select(entry => (entry.Name, entry.Weighting))]);

    private readonly Option<double?> _prune = ValueOption.Real(
        "--prune", "Set this share of the weights to zero first: those whose loss costs least by --weighting, or the smallest without.", 0, 0.999);

    private readonly Option<bool> _localScaling = new("--local-scaling") { Description = "Fit a factor to each row (output channel) of a weight, and store it beside the levels." };

    private readonly Option<bool> _biasCorrection = new("--bias-correction")
    {
        Description = "Let biases take up what quantization adds to the mean outputs of their layers, measured on train samples of --data.",
    };

    private readonly Option<bool> _reestimateBatchNorm = new("--reestimate-batch-norm")
    {
        Description = "Let means and variances of batch normalizations follow what quantization does to their inputs, measured on train samples of --data.",
    };

    private readonly Option<bool> _tuneVectors = new("--tune-vectors")
    {
        Description = "Let biases and normalizations learn to give the answers that the model gave before quantization, on train samples of --data; labels are not looked at. A search for a budget with data does so unasked where there are normalizations.",
    };

    private readonly Option<bool> _foldBatchNorm = new("--fold-batch-norm")
    {
        Description = "Let scale and bias of batch normalizations take over what mean and variance say; the network computes the same. A search for a budget with data does so unasked.",
    };

    private readonly Option<bool> _lossless = new("--lossless") { Description = "Keep every bit of every tensor." };

    private readonly Option<int?> _edition = ValueOption.Integer("--edition", "Edition of ISO/IEC 15938-17 that the file follows; 2 if not given.", 1, 2);

    private readonly Option<TopologyCarriage?> _topology = ValueOption.Choice<TopologyCarriage>(
        "--topology",
        "auto: the network's graph travels along; none: named tensors only, which the public reference decoders read.",
        [("auto", TopologyCarriage.Auto), ("none", TopologyCarriage.None)]);

    private readonly SelectionOptions _selection = new(
        "Quantize only tensors whose name matches this regular expression; the others are kept exactly. May be given several times.",
        "Keep tensors whose name matches this regular expression exactly. May be given several times.");

    private readonly Option<string?> _planFile = new("--plan") { Description = "Take all settings from this plan instead of options.", HelpName = "FILE" };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        foreach (Option option in Settings) verb.Add(option);
        verb.Add(_planFile);
    }

    /// <summary>Refuses options that contradict each other.</summary>
    /// <exception cref="CommandException">Some do; every problem is named.</exception>
    public void CheckContradictions(Invocation invocation)
    {
        string[] problems = [.. Contradictions(invocation)];
        if (problems.Length > 0) throw CommandException.Usage(string.Join("; ", problems));
    }

    /// <summary>Refuses what would let the file differ from the same network in another container.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="option">What compares containers.</param>
    public void CheckWhole(Invocation invocation, string option)
    {
        if (!invocation.Value(_lossless)) throw CommandException.Usage($"{option} compares files of the same weights, bit for bit", "Add --lossless.");
        if (invocation.Value(_topology) == TopologyCarriage.None) throw CommandException.Usage($"{option} compares files that hold the graph, --topology none leaves it out", "Drop one.");
    }

    private IEnumerable<Option> Settings =>
        [_qp, _quality, _method, _lambda, _codebookSize, _errorBound, _predictor, .. Refinements, _foldBatchNorm, _lossless, _edition, _topology, _selection.Include, _selection.Exclude];

    // What makes more of a step size; a search for step sizes compensates instead.
    private IEnumerable<Option> Refinements => [_weighting, _prune, _localScaling, _biasCorrection, _reestimateBatchNorm, _tuneVectors];

    /// <summary>The plan for a model.</summary>
    /// <exception cref="CommandException">Options contradict each other, or a pattern matches nothing; every problem is named.</exception>
    /// <exception cref="PlanException">The plan file is malformed or does not fit the model.</exception>
    public CompressionPlan MakePlan(Invocation invocation, Model model, int threads)
    {
        if (invocation.Value(_planFile) is string path)
        {
            CheckContradictions(invocation);
            using InputFile file = InputFile.Require(invocation, path);
            invocation.Setting(_planFile, path);
            CompressionPlan plan = CompressionPlan.FromJson(File.ReadAllText(file.Path), path);
            plan.CheckAgainst(model, path);
            return plan;
        }

        PlanOptions options = MakeOptions(invocation, model);
        Report(invocation, options);
        return PlanBuilder.Build(model, options, threads, invocation.Progress, invocation.Cancellation);
    }

    /// <summary>What the options leave open to a search for step sizes, or for error bounds up to the one given.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="model">The model.</param>
    /// <param name="budget">The option that asks for the search.</param>
    /// <exception cref="CommandException">Options contradict each other or the search, or a pattern matches nothing; every problem is named.</exception>
    public PlanOptions MakeSearchOptions(Invocation invocation, Model model, string budget)
    {
        string[] decided = [.. new Option[] { _qp, _quality, _lossless, _planFile }.Where(invocation.IsGiven).Select(option => option.Name)];
        string[] refined = [.. Refinements.Where(invocation.IsGiven).Select(option => option.Name)];
        if (refined.Length > 0) throw CommandException.Usage($"{string.Join(" and ", refined)} refine a plan of --quality or --qp, {budget} searches for one", "Drop one; or add them to the saved plan of the search.");
        if (decided.Length > 0) throw CommandException.Usage($"{budget} looks for the step sizes that {string.Join(" and ", decided)} would decide", "Drop one.");
        return MakeOptions(invocation, model);
    }

    private PlanOptions MakeOptions(Invocation invocation, Model model)
    {
        List<string> problems = [.. Contradictions(invocation)];
        TensorSelection selection = _selection.Resolve(invocation, [.. model.Tensors.Select(tensor => tensor.Name)], problems);
        if (problems.Count > 0) throw CommandException.Usage(string.Join("; ", problems));
        PlanOptions options = new()
        {
            Qp = invocation.Value(_qp),
            Quality = invocation.Value(_quality) ?? PlanOptions.DefaultQuality,
            Method = invocation.Value(_method),
            Lambda = invocation.Value(_lambda),
            ErrorBound = invocation.Value(_errorBound),
            Predictor = invocation.Value(_predictor) ?? Predictor.Zero,
            Weighting = invocation.Value(_weighting) ?? ErrorWeighting.None,
            PrunedShare = invocation.Value(_prune) ?? 0,
            LocalScaling = invocation.Value(_localScaling),
            BiasCorrection = invocation.Value(_biasCorrection),
            BatchNormReestimation = invocation.Value(_reestimateBatchNorm),
            VectorTuning = invocation.Value(_tuneVectors),
            Lossless = invocation.Value(_lossless),
            FoldBatchNorm = invocation.Value(_foldBatchNorm),
            Edition = invocation.Value(_edition) ?? 2,
            Topology = invocation.Value(_topology) ?? TopologyCarriage.Auto,
            Include = selection.Include,
            Exclude = selection.Exclude,
        };
        return invocation.Value(_codebookSize) is int size ? options with { CodebookSize = size } : options;
    }

    private void Report(Invocation invocation, PlanOptions options)
    {
        bool isQuantized = !options.Lossless && options.ErrorBound is null;
        if (options.Lossless) invocation.Setting(_lossless, "on");
        else if (options.ErrorBound is not null) invocation.Setting(_errorBound, options.ErrorBound.ToString());
        else if (options.Qp is int qp) invocation.Setting(_qp, Numbers.Integer(qp));
        else invocation.Setting(_quality, Numbers.Integer(options.Quality));
        if (options.ErrorBound is { Mode: not ErrorBoundMode.Pointwise }) invocation.Setting(_predictor, options.Predictor.Name());
        TensorMethod usual = options.Qp is null ? TensorMethod.TrellisRdo : TensorMethod.Trellis;
        TensorMethod method = options.Method ?? usual;
        if (isQuantized) invocation.Setting(_method, method.Name());
        if (isQuantized && method is TensorMethod.UniformRdo or TensorMethod.TrellisRdo)
            invocation.Setting(_lambda, Numbers.Short(options.Lambda ?? PlanBuilder.DefaultLambda));
        if (options.PrunedShare > 0) invocation.Setting(_prune, Numbers.Short(options.PrunedShare));
        if (options.Weighting != ErrorWeighting.None) invocation.Setting(_weighting, options.Weighting.Name());
        foreach ((Option<bool> option, bool isOn) in new[] { (_localScaling, options.LocalScaling), (_biasCorrection, options.BiasCorrection), (_reestimateBatchNorm, options.BatchNormReestimation), (_tuneVectors, options.VectorTuning) })
        {
            if (isOn) invocation.Setting(option, "on");
        }

        if (method == TensorMethod.Codebook) invocation.Setting(_codebookSize, Numbers.Integer(options.CodebookSize));
        invocation.Setting(_edition, Numbers.Integer(options.Edition));
        invocation.Setting(_topology, options.Topology == TopologyCarriage.None ? "none" : "auto");
    }

    // What can be seen before anything is read.
    private IEnumerable<string> Contradictions(Invocation invocation)
    {
        bool Given(Option option) => invocation.IsGiven(option);
        if (Given(_planFile))
        {
            foreach (Option option in Settings.Where(Given)) yield return $"{option.Name} and --plan exclude each other: the plan says everything";
            yield break;
        }

        if (Given(_qp) && Given(_quality)) yield return "--qp and --quality exclude each other";
        TensorMethod? method = invocation.Value(_method);
        if (Given(_lambda) && method is not (null or TensorMethod.UniformRdo or TensorMethod.TrellisRdo))
            yield return $"--lambda means nothing to --method {method.Value.Name()}";
        if (Given(_lambda) && method is null && Given(_qp)) yield return "--lambda needs a rate-distortion optimized --method beside --qp";
        if (invocation.Value(_weighting) is not (null or ErrorWeighting.None) && method is { } unweighed && !unweighed.HasObjective()) yield return $"--weighting means nothing to --method {unweighed.Name()}";
        if (Given(_tuneVectors))
        {
            foreach (Option option in new[] { _biasCorrection, _reestimateBatchNorm }.Where(Given)) yield return $"--tune-vectors takes up what {option.Name} would; drop one";
        }

        if (Given(_codebookSize) && method is not TensorMethod.Codebook) yield return "--codebook-size is for --method codebook";
        if (Given(_errorBound))
        {
            Option[] excluded = [_qp, _quality, _method, _lambda, .. Refinements, _foldBatchNorm];
            foreach (Option option in excluded.Where(Given)) yield return $"--error-bound and {option.Name} exclude each other";
        }

        if (Given(_predictor) && invocation.Value(_errorBound) is null or { Mode: ErrorBoundMode.Pointwise })
            yield return "--predictor is for --error-bound abs:X and rel:X";
        if (!invocation.Value(_lossless)) yield break;
        Option[] lossy = [_qp, _quality, _method, _lambda, _errorBound, .. Refinements, _foldBatchNorm, _selection.Include, _selection.Exclude];
        foreach (Option option in lossy.Where(Given))
            yield return $"--lossless and {option.Name} exclude each other";
    }
}
