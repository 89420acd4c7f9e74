using Tersor.Cli.Options;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;

namespace Tersor.Cli;

/// <summary>How well the file that was written does on data, beside the model that it was made from.</summary>
internal sealed class FileVerdict : IDisposable
{
    private readonly Invocation _invocation;
    private readonly string _source;
    private readonly DataSource _data;
    private readonly EvaluationOptions _evaluation;
    private readonly MemoryBudget _memory;
    private readonly int _threads;
    private readonly bool _lenient;
    private readonly ModelComparison _comparison;

    /// <summary>Loads the samples.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="source">The original's file.</param>
    /// <param name="data">Where the samples are.</param>
    /// <param name="evaluation">Which of them, and how they become inputs.</param>
    /// <param name="usual">The split that counts unless the user names one.</param>
    /// <param name="memory">Bounds samples, weights and intermediate results.</param>
    /// <param name="threads">Threads of the computation.</param>
    /// <param name="lenient">Whether readers tolerate what others tolerate.</param>
    /// <exception cref="ResourceLimitException">The samples take more memory than is left.</exception>
    public FileVerdict(
        Invocation invocation, string source, DataSource data, EvaluationOptions evaluation, DataSplit usual, MemoryBudget memory, int threads, bool lenient)
    {
        (_invocation, _source, _data, _evaluation) = (invocation, source, data, evaluation);
        (_memory, _threads, _lenient) = (memory, threads, lenient);
        _comparison = new ModelComparison(invocation, data, evaluation, memory, threads, usual);
    }

    /// <summary>Measures the original, which all else is compared with.</summary>
    public void JudgeOriginal()
    {
        Judge(_source, graphPath: null);
        _comparison.Close();
    }

    /// <summary>Measures the original and searches a plan that keeps the budget with it.</summary>
    /// <exception cref="CommandException">The data have no accuracy for the budget, or no plan keeps it.</exception>
    public PlannedLevels FindPlan(BudgetedPlan search)
    {
        search.CheckData(_data, _comparison.Classifies);
        ExecutableModel original = Judge(_source, graphPath: null);
        PlannedLevels plan = search.Find(original, _data, _comparison.Samples, _evaluation, _comparison.FirstTop1, _memory);
        _comparison.Close();
        return plan;
    }

    /// <summary>Takes the statistics again that a plan's levels depend on.</summary>
    /// <param name="plan">One that needs them.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="CommandException">The data are not those of the plan.</exception>
    public PlannedLevels Calibrate(CompressionPlan plan, Model model)
    {
        using ExecutableModel original = new(_invocation, _source, graphPath: null, _memory, _threads, _lenient);
        using KernelThreads kernels = new(Math.Min(_threads, KernelThreads.MaxCount));
        Model coded = plan.FoldBatchNorm ? BatchNormFolding.Apply(model) : model;
        Calibrator calibrator = new(new MeasuredModel(_invocation, original, coded, _data, _comparison.Samples, _evaluation, _memory, kernels, _threads));
        CalibrationPlan calibration = plan.Calibration ?? calibrator.Describe();
        return calibrator.TakeStatistics(plan with { Calibration = calibration }, model);
    }

    /// <summary>Measures what is decoded from the file, prints it below the original unless the run is quiet, and says whether the budget is kept.</summary>
    /// <param name="path">The file.</param>
    /// <param name="search">What was searched for; null for nothing.</param>
    /// <exception cref="CommandException">The file misses the budget.</exception>
    public void JudgeResult(string path, BudgetedPlan? search)
    {
        // A file without a network is judged with the one of the model that it came from.
        Judge(path, graphPath: _source);
        _comparison.Close();
        _comparison.Describe(prints: !_invocation.Quiet);
        if (_comparison.Classifies) search?.Judge(_comparison.LastChange(), _comparison.FirstTop1);
    }

    /// <inheritdoc/>
    public void Dispose() => _comparison.Dispose();

    private ExecutableModel Judge(string path, string? graphPath)
    {
        ExecutableModel model = new(_invocation, path, graphPath, _memory, _threads, _lenient);
        _comparison.Add(model);
        _comparison.Evaluate();
        return model;
    }
}
