using Tersor.Cli.Options;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Models;

namespace Tersor.Cli;

/// <summary>A model with the data that tell what errors of its weights cost.</summary>
/// <param name="Invocation">The run.</param>
/// <param name="Network">The model as a network, whose weights searches and statistics change.</param>
/// <param name="Model">The model as it is compressed.</param>
/// <param name="Source">The data.</param>
/// <param name="Verdict">The samples that the result is judged on.</param>
/// <param name="Evaluation">How samples become inputs.</param>
/// <param name="Memory">Bounds train data, statistics and what is kept between trials.</param>
/// <param name="Kernels">Where the network runs.</param>
/// <param name="Threads">Tensors compressed side by side.</param>
internal sealed record MeasuredModel(
    Invocation Invocation, ExecutableModel Network, Model Model, DataSource Source, SampleSet Verdict, EvaluationOptions Evaluation, MemoryBudget Memory, KernelThreads Kernels, int Threads)
{
    /// <summary>How samples become inputs.</summary>
    public Preprocessing PreprocessingFor(SampleSet samples) => Evaluation.PreprocessingFor(Invocation, Network, samples);
}
