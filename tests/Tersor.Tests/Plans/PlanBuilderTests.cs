using System.Text.RegularExpressions;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;
using Tersor.Quantization.Prediction;
using Tersor.Tests.Codec;

namespace Tersor.Tests.Plans;

/// <summary>What options make of a model.</summary>
public class PlanBuilderTests
{
    [Fact]
    public void A_qp_means_what_it_means_to_the_reference_software()
    {
        CompressionPlan plan = PlanBuilder.Build(CodecRun.Mixed(), new PlanOptions { Qp = -38 });

        Assert.Equal((TensorMethod.Trellis, -38), Settings(plan, "fc.weight"));
        Assert.Equal((TensorMethod.Trellis, -38), Settings(plan, "half"));
        Assert.Equal((TensorMethod.Trellis, -75), Settings(plan, "bias"));
        Assert.Equal((TensorMethod.Trellis, -75), Settings(plan, "scale"));
        Assert.Equal((TensorMethod.Lossless, 0), Settings(plan, "steps"));
    }

    [Fact]
    public void A_quality_keeps_tiny_tensors_and_takes_finer_steps_the_higher_it_is()
    {
        Model model = CodecRun.Mixed();
        int? finer = null;
        foreach (int quality in (int[])[100, 80, 60, 40, 20, 1])
        {
            CompressionPlan plan = PlanBuilder.Build(model, new PlanOptions { Quality = quality });
            (TensorMethod method, int qp) = Settings(plan, "fc.weight");

            Assert.Equal(TensorMethod.TrellisRdo, method);
            Assert.True(finer is null || qp > finer, $"quality {quality}: QP {qp} after {finer}");
            Assert.Equal(TensorMethod.Lossless, Settings(plan, "scale").Method);
            Assert.Equal(TensorMethod.Trellis, Settings(plan, "bias").Method);
            finer = qp;
        }
    }

    [Fact]
    public void Weights_of_zero_or_nan_or_any_size_have_a_plan()
    {
        Model model = CodecRun.Model(
            new Tensor("zero", new TensorShape(10, 10), new float[100]),
            new Tensor("nan", new TensorShape(10, 10), [.. Enumerable.Repeat(float.NaN, 100)]),
            new Tensor("infinite", new TensorShape(100), [.. Enumerable.Repeat(float.PositiveInfinity, 100)]),
            new Tensor("largest", new TensorShape(10, 10), [.. Enumerable.Repeat(float.MaxValue, 100)]),
            new Tensor("least", new TensorShape(10, 10), [.. Enumerable.Repeat(float.Epsilon, 100)]),
            new Tensor("empty", new TensorShape(0, 10), []));
        foreach (int quality in (int[])[1, 100])
        {
            CompressionPlan plan = PlanBuilder.Build(model, new PlanOptions { Quality = quality });
            Assert.Equal(model.Tensors.Count, CodecRun.Of(model, plan).Report.Tensors.Count);
        }
    }

    [Fact]
    public void Patterns_say_what_is_quantized_and_the_rest_is_kept()
    {
        Model model = CodecRun.Mixed();
        CompressionPlan included = PlanBuilder.Build(model, new PlanOptions { Include = [Pattern("weight$")] });
        CompressionPlan excluded = PlanBuilder.Build(model, new PlanOptions { Include = [Pattern("weight$")], Exclude = [Pattern("^conv")] });

        Assert.Equal(["fc.weight", "conv.weight"], Lossy(included));
        Assert.Equal(["fc.weight"], Lossy(excluded));
        Assert.All(included.Tensors.Where(tensor => !tensor.Method.IsLossy()), tensor => Assert.Equal(TensorMethod.Lossless, tensor.Method));
        Assert.Empty(Lossy(PlanBuilder.Build(model, new PlanOptions { Lossless = true })));
    }

    [Theory]
    [InlineData(TensorMethod.Uniform, TensorMethod.Uniform, 0, 0)]
    [InlineData(TensorMethod.UniformRdo, TensorMethod.Uniform, 1, 0)]
    [InlineData(TensorMethod.Trellis, TensorMethod.Trellis, 0, 0)]
    [InlineData(TensorMethod.TrellisRdo, TensorMethod.Trellis, 1, 0)]
    [InlineData(TensorMethod.Codebook, TensorMethod.Uniform, 0, 32)]
    public void A_method_holds_for_weights_and_vectors_have_no_rate_term(TensorMethod method, TensorMethod forVectors, double lambda, int codebookSize)
    {
        CompressionPlan plan = PlanBuilder.Build(CodecRun.Mixed(), new PlanOptions { Qp = -30, Method = method });
        TensorPlan weight = plan.Tensors.Single(tensor => tensor.Name == "fc.weight");

        Assert.Equal((method, lambda, codebookSize), (weight.Method, weight.Lambda, weight.CodebookSize));
        Assert.Equal(forVectors, Settings(plan, "bias").Method);
    }

    [Fact]
    public void An_error_bound_holds_for_weights_and_vectors_alike_on_the_finest_grid_of_steps()
    {
        ErrorBound bound = new(ErrorBoundMode.Relative, 0.01);
        CompressionPlan plan = PlanBuilder.Build(CodecRun.Mixed(), new PlanOptions { ErrorBound = bound, Predictor = Predictor.Auto });

        Assert.Equal(7, plan.QpDensity);
        Assert.Equal(["fc.weight", "conv.weight", "bias", "pruned", "half"], Lossy(plan));
        Assert.All(plan.Tensors.Where(tensor => tensor.Method.IsLossy()), tensor => Assert.Equal((TensorMethod.ErrorBounded, bound, Predictor.Auto), (tensor.Method, tensor.ErrorBound, tensor.Predictor)));
    }

    [Fact]
    public void An_error_bound_stands_alone()
    {
        ErrorBound bound = new(ErrorBoundMode.Pointwise, 0.01);

        foreach (PlanOptions options in (PlanOptions[])[new() { Qp = 1 }, new() { Lossless = true }, new() { Lambda = 1 }, new() { Method = TensorMethod.Uniform }])
        {
            Assert.Equal(
                ["an error bound takes neither a QP nor a method nor a lambda, and is not lossless"],
                Assert.Throws<PlanException>(() => PlanBuilder.Build(CodecRun.Mixed(), options with { ErrorBound = bound })).Problems);
        }

        foreach (PlanOptions options in (PlanOptions[])[new() { ErrorBound = bound, Predictor = Predictor.Lorenzo }, new() { Predictor = Predictor.Auto }])
        {
            Assert.Equal(
                ["a predictor is for absolute and relative error bounds"], Assert.Throws<PlanException>(() => PlanBuilder.Build(CodecRun.Mixed(), options)).Problems);
        }

        Assert.Equal(
            ["method error-bounded needs an error bound; state that alone"],
            Assert.Throws<PlanException>(() => PlanBuilder.Build(CodecRun.Mixed(), new PlanOptions { Method = TensorMethod.ErrorBounded })).Problems);
    }

    [Fact]
    public void Weights_take_what_makes_more_of_their_steps_and_vectors_do_not()
    {
        PlanOptions options = new() { Weighting = ErrorWeighting.Fisher, LocalScaling = true, BiasCorrection = true, BatchNormReestimation = true };
        CompressionPlan plan = PlanBuilder.Build(CodecRun.Mixed(), options);

        Assert.Equal((true, true, true), (plan.BiasCorrection, plan.BatchNormReestimation, plan.NeedsStatistics));
        Assert.Equal(["fc.weight", "conv.weight", "pruned", "half"], plan.Tensors.Where(tensor => tensor.Weighting == ErrorWeighting.Fisher && tensor.LocalScaling).Select(tensor => tensor.Name));
        Assert.False(PlanBuilder.Build(CodecRun.Mixed(), new PlanOptions { LocalScaling = true }).NeedsStatistics);
    }

    [Fact]
    public void What_would_change_nothing_is_refused()
    {
        Assert.Equal(["method uniform weighs no errors"], Problems(new() { Method = TensorMethod.Uniform, Weighting = ErrorWeighting.Fisher }));
        foreach (PlanOptions options in (PlanOptions[])[new() { Weighting = ErrorWeighting.Fisher }, new() { LocalScaling = true }, new() { BiasCorrection = true }, new() { BatchNormReestimation = true }, new() { VectorTuning = true }, new() { PrunedShare = 0.1 }])
            Assert.Equal(["lossless and error bounds leave nothing to weigh, to prune, to scale or to correct"], Problems(options with { Lossless = true }));

        static IReadOnlyList<string> Problems(PlanOptions options) => Assert.Throws<PlanException>(() => PlanBuilder.Build(CodecRun.Mixed(), options)).Problems;
    }

    [Fact]
    public void All_that_is_wrong_with_options_is_listed_at_once()
    {
        PlanOptions options = new()
        {
            Qp = 200,
            Quality = 101,
            Edition = 0,
            Method = TensorMethod.Raw,
            Lossless = true,
            Lambda = double.NaN,
            CodebookSize = 1,
            Include = [Pattern("nothing"), Pattern("fc")],
            Exclude = [Pattern("^never$")],
        };

        Assert.Equal(
            [
                "QP 200 is not -128..127",
                "quality 101 is not 1..100",
                "edition 0 is not 1 or 2",
                "method raw keeps every bit; ask for lossless instead",
                "lossless takes neither a QP nor a method",
                "lambda is not a number from 0",
                "codebook size 1 is not 2..65536",
                "pattern 'nothing' matches none of the 8 tensors of memory",
                "pattern '^never$' matches none of the 8 tensors of memory",
            ],
            Assert.Throws<PlanException>(() => PlanBuilder.Build(CodecRun.Mixed(), options)).Problems);
    }

    /// <summary>The smallest step that a unit can state is 2^-32: below it, quantizing would leave nothing but zeros.</summary>
    [Theory]
    [InlineData(1e-10f, TensorMethod.Lossless)]
    [InlineData(1e-38f, TensorMethod.Lossless)]
    [InlineData(1e-6f, TensorMethod.TrellisRdo)]
    public void Weights_too_small_for_any_step_are_kept_exactly(float scale, TensorMethod method)
    {
        Seeded random = new(81);
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(30, 20), [.. Enumerable.Range(0, 600).Select(_ => random.NextGaussian() * scale)]));

        Assert.Equal(method, PlanBuilder.Build(model, new PlanOptions()).Tensors[0].Method);
    }

    [Fact]
    public void Methods_are_known_by_name_in_any_case()
    {
        foreach ((TensorMethod method, string name, _) in TensorMethods.All)
        {
            Assert.Equal(method, TensorMethods.Parse(name.ToUpperInvariant()));
            Assert.Equal(name, method.Name());
        }

        Assert.Null(TensorMethods.Parse("best"));
        Assert.Equal(Enum.GetValues<TensorMethod>(), TensorMethods.All.Select(entry => entry.Method));
    }

    private static Regex Pattern(string text) => new(text, RegexOptions.NonBacktracking);

    private static (TensorMethod Method, int Qp) Settings(CompressionPlan plan, string name)
    {
        TensorPlan tensor = plan.Tensors.Single(tensor => tensor.Name == name);
        return (tensor.Method, tensor.Qp);
    }

    private static string[] Lossy(CompressionPlan plan) => [.. plan.Tensors.Where(tensor => tensor.Method.IsLossy()).Select(tensor => tensor.Name)];
}
