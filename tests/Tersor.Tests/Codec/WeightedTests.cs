using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Tests.Codec;

/// <summary>Levels that are chosen by what errors count for, and factors of rows, travel like any others.</summary>
public class WeightedTests
{
    private const int Qp = -16;

    // Of a codebook the step is only what its entries are rounded to.
    private const int FineQp = -30;

    private static readonly string[] Weights = ["fc.weight", "conv.weight"];

    public static TheoryData<TensorMethod> WithObjective => [.. CodecRun.Methods.Where(method => method.HasObjective())];

    public static TheoryData<TensorMethod, int> OnGrid
    {
        get
        {
            TheoryData<TensorMethod, int> data = [];
            foreach (TensorMethod method in CodecRun.Methods.Where(method => method.IsOnGrid()))
            {
                data.Add(method, 1);
                data.Add(method, 2);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(WithObjective))]
    public void Every_method_with_an_objective_keeps_what_counts(TensorMethod method)
    {
        // The large weights count nine times as much as the others.
        Model model = CodecRun.Mixed();
        PlanStatistics statistics = new() { Importances = Weights.ToDictionary(name => name, name => (ReadOnlyMemory<float>)Large(model.Find(name)!.ReadSingles(), 9), StringComparer.Ordinal) };
        using CompressedModel weighted = CompressedModel.Open(CodecRun.Of(model, Plan(model, method, weighting: ErrorWeighting.Fisher), statistics: statistics).Bytes);
        using CompressedModel plain = CompressedModel.Open(CodecRun.Of(model, Plan(model, method)).Bytes);

        foreach (string name in Weights)
        {
            float[] weights = model.Find(name)!.ReadSingles();
            (double before, double after) = (Share(weights, plain.Decode(name)), Share(weights, weighted.Decode(name)));
            Assert.True(after < 0.95 * before, $"{name}: large weights have {after} of the error, and had {before}");
        }

        static double Share(float[] weights, float[] values) =>
            (Importance.Distortion(weights, values, Large(weights, 2)) / Importance.Distortion(weights, values, [])) - 1;

        static float[] Large(float[] weights, float factor)
        {
            float size = MathF.Sqrt(weights.Average(weight => weight * weight));
            return [.. weights.Select(weight => MathF.Abs(weight) > size ? factor : 1)];
        }
    }

    [Theory]
    [MemberData(nameof(WithObjective))]
    public void Any_number_of_threads_and_the_saved_plan_give_the_same_bytes(TensorMethod method)
    {
        Model model = CodecRun.Mixed();
        PlanStatistics statistics = Statistics(model, i => i % 7);
        CompressionPlan plan = Plan(model, method, weighting: ErrorWeighting.Outputs, scaled: true);
        CodecRun one = CodecRun.Of(model, plan, statistics: statistics);
        CompressionPlan saved = CompressionPlan.FromJson(one.Report.Plan.ToJson(), "plan.json");

        Assert.Equal(one.Bytes, CodecRun.Of(model, plan, threads: 3, statistics: statistics).Bytes);
        Assert.Equal(one.Bytes, CodecRun.Of(model, saved, threads: 3, statistics: statistics).Bytes);
        Assert.All(one.Report.Tensors.Where(tensor => Weights.Contains(tensor.Name)), tensor => Assert.Equal((ErrorWeighting.Outputs, true), (tensor.Weighting, tensor.LocalScaling)));
    }

    [Fact]
    public void Layers_that_nothing_is_known_of_are_as_without_weighting()
    {
        Model model = CodecRun.Mixed();
        byte[] plain = CodecRun.Of(model, Plan(model, TensorMethod.TrellisRdo)).Bytes;

        Assert.Equal(plain, CodecRun.Of(model, Plan(model, TensorMethod.TrellisRdo, weighting: ErrorWeighting.Fisher), statistics: Statistics(model, _ => 0)).Bytes);
        Assert.Equal(plain, CodecRun.Of(model, Plan(model, TensorMethod.TrellisRdo, weighting: ErrorWeighting.Fisher), statistics: Statistics(model, _ => 1e-20f)).Bytes);
    }

    [Theory]
    [MemberData(nameof(WithObjective))]
    public void A_tensor_of_zeros_comes_back(TensorMethod method)
    {
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(20, 30), new float[600]));
        CompressionPlan plan = new() { Tensors = [CodecRun.Settings("w", method, Qp) with { Weighting = ErrorWeighting.Fisher, LocalScaling = true }] };
        PlanStatistics statistics = new() { Importances = new Dictionary<string, ReadOnlyMemory<float>>(StringComparer.Ordinal) { ["w"] = new float[600] } };
        using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(model, plan, statistics: statistics).Bytes);

        Assert.Equal(new float[600], compressed.Decode("w"));
    }

    [Theory]
    [MemberData(nameof(OnGrid))]
    public void Rows_come_back_scaled_and_no_worse(TensorMethod method, int edition)
    {
        Model model = CodecRun.Mixed();
        CodecRun scaled = CodecRun.Of(model, Plan(model, method, edition, scaled: true));
        using CompressedModel compressed = CompressedModel.Open(scaled.Bytes);
        using CompressedModel plain = CompressedModel.Open(CodecRun.Of(model, Plan(model, method, edition)).Bytes);

        foreach (string name in Weights)
        {
            float[] weights = model.Find(name)!.ReadSingles();
            float[] values = compressed.Decode(name);
            QuantizationError error = QuantizationError.Between(weights, values);
            TensorReport report = scaled.Report.Tensors.Single(tensor => tensor.Name == name);
            Assert.Equal((error.SqnrDb, error.MaxAbsError), (report.SqnrDb, report.MaxAbsError));
            Assert.InRange(error.SquaredError, 0, 1.01 * QuantizationError.Between(weights, plain.Decode(name)).SquaredError);
            Assert.Equal(2, compressed.Find(name)!.Parts.Count);
        }
    }

    [Fact]
    public void A_tensor_without_elements_has_no_rows_to_scale()
    {
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(0, 30), Array.Empty<float>()));
        CompressionPlan plan = new() { Tensors = [CodecRun.Settings("w", TensorMethod.Trellis, Qp) with { LocalScaling = true }] };
        using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(model, plan).Bytes);

        Assert.Empty(compressed.Decode("w"));
    }

    [Fact]
    public void Without_statistics_the_tensors_that_need_them_are_named()
    {
        Model model = CodecRun.Mixed();
        CompressionPlan plan = Plan(model, TensorMethod.UniformRdo, weighting: ErrorWeighting.Empirical);

        Assert.Contains("errors of 'fc.weight', 'conv.weight' are to be weighted", Refusal(plan, PlanStatistics.None), StringComparison.Ordinal);
        Assert.Contains("biases or batch normalizations are to be corrected", Refusal(CodecRun.Plan(model, TensorMethod.Lossless) with { BiasCorrection = true }, PlanStatistics.None), StringComparison.Ordinal);

        string Refusal(CompressionPlan plan, PlanStatistics statistics) => Assert.Throws<PlanException>(() => CodecRun.Of(model, plan, statistics: statistics)).Message;
    }

    [Fact]
    public void Statistics_that_are_none_are_refused_by_name()
    {
        Model model = CodecRun.Mixed();
        CompressionPlan plan = Plan(model, TensorMethod.UniformRdo, weighting: ErrorWeighting.Fisher);
        Dictionary<string, ReadOnlyMemory<float>> importances = new(StringComparer.Ordinal) { ["fc.weight"] = new float[7], ["conv.weight"] = Enumerable.Repeat(float.NaN, 288).ToArray() };

        string message = Assert.Throws<PlanException>(() => CodecRun.Of(model, plan, statistics: new PlanStatistics { Importances = importances })).Message;
        Assert.Contains("tensor 'fc.weight': 7 importances are given for 1200 weights", message, StringComparison.Ordinal);
        Assert.Contains("tensor 'conv.weight': importance 0 is NaN", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Corrected_tensors_take_the_place_of_the_models()
    {
        Model model = CodecRun.Mixed();
        float[] corrected = CodecRun.Gaussian(40, 1, seed: 9);
        CompressionPlan plan = CodecRun.Plan(model, TensorMethod.Lossless) with { BiasCorrection = true };
        PlanStatistics statistics = new() { Corrected = new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["bias"] = new("bias", new TensorShape(40), corrected) } };
        using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(model, plan, statistics: statistics).Bytes);

        Assert.Equal(corrected, compressed.Decode("bias"));
        Assert.Equal(model.Find("fc.weight")!.ReadSingles(), compressed.Decode("fc.weight"));
    }

    [Theory]
    [InlineData("nothing", 40)]
    [InlineData("bias", 41)]
    public void What_does_not_fit_is_no_replacement(string name, int length)
    {
        Dictionary<string, Tensor> replacements = new(StringComparer.Ordinal) { [name] = new(name, new TensorShape(length), new float[length]) };

        Assert.Throws<ArgumentException>(() => CodecRun.Mixed().WithTensors(replacements));
    }

    private static CompressionPlan Plan(Model model, TensorMethod method, int edition = 2, ErrorWeighting weighting = ErrorWeighting.None, bool scaled = false)
    {
        CompressionPlan plan = CodecRun.Plan(model, TensorMethod.Lossless, edition: edition);
        return plan with
        {
            Tensors =
            [
                .. plan.Tensors.Select(tensor => Weights.Contains(tensor.Name) ? CodecRun.Settings(tensor.Name, method, method == TensorMethod.Codebook ? FineQp : Qp) with { Weighting = weighting, LocalScaling = scaled } : tensor),
            ],
        };
    }

    private static PlanStatistics Statistics(Model model, Func<int, float> importance) => new()
    {
        Importances = Weights.ToDictionary(
            name => name, name => (ReadOnlyMemory<float>)Enumerable.Range(0, (int)model.Find(name)!.ElementCount).Select(importance).ToArray(), StringComparer.Ordinal),
    };
}
