using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Tests.Codec;

/// <summary>Weights that a plan prunes come back as zeros, by every method, and the others do not.</summary>
public class PlannedPruningTests
{
    public static TheoryData<TensorMethod> OnGrid => [.. CodecRun.Methods.Where(method => method.IsOnGrid())];

    [Theory]
    [MemberData(nameof(OnGrid))]
    public void The_smallest_weights_of_all_tensors_come_back_as_zeros(TensorMethod method)
    {
        Model model = CodecRun.Model(CodecRun.Floats("small", 0.1f, 40, 30), CodecRun.Floats("large.weight", 0.4f, 20, 60), CodecRun.Floats("bias", 0.01f, 40));
        CompressionPlan plan = CodecRun.Plan(model, method, qp: -32) with { PrunedShare = 0.5 };
        CodecRun run = CodecRun.Of(model, plan);
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);
        double threshold = Weights("small").Concat(Weights("large.weight")).Select(Math.Abs).Order().ElementAt(1200);

        foreach (string name in new[] { "small", "large.weight" })
        {
            foreach ((float weight, float value) in Weights(name).Zip(compressed.Decode(name)))
            {
                if (Math.Abs(weight) < threshold) Assert.Equal(0, value);
            }
        }

        Assert.True(compressed.Decode("small").Count(value => value == 0) > 2 * compressed.Decode("large.weight").Count(value => value == 0));
        Assert.Contains(compressed.Decode("bias"), value => value != 0);
        Assert.Equal(run.Bytes, CodecRun.Of(model, CompressionPlan.FromJson(run.Report.Plan.ToJson(), "plan.json"), threads: 3).Bytes);

        float[] Weights(string name) => model.Find(name)!.ReadSingles();
    }

    [Fact]
    public void What_counts_stays_though_it_is_small()
    {
        Model model = CodecRun.Model(CodecRun.Floats("w", 0.1f, 40, 30));
        float[] importance = [.. Enumerable.Range(0, 1200).Select(i => i % 2 == 0 ? 1e6f : 1)];
        CompressionPlan plan = new() { PrunedShare = 0.5, Tensors = [CodecRun.Settings("w", TensorMethod.UniformRdo, -60) with { Weighting = ErrorWeighting.Fisher }] };
        PlanStatistics statistics = new() { Importances = new Dictionary<string, ReadOnlyMemory<float>>(StringComparer.Ordinal) { ["w"] = importance } };
        using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(model, plan, statistics: statistics).Bytes);

        // A few even ones are next to nothing.
        float[] values = compressed.Decode("w");
        Assert.InRange(Enumerable.Range(0, 600).Count(i => values[2 * i] != 0), 590, 600);
        Assert.InRange(Enumerable.Range(0, 600).Count(i => values[(2 * i) + 1] != 0), 0, 10);
    }

    [Fact]
    public void A_tensor_that_is_stored_exactly_keeps_its_weights()
    {
        float[] values = CodecRun.Gaussian(100, 1, 1);
        values[17] = float.NaN;
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(10, 10), values));
        using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Trellis) with { PrunedShare = 0.9 }).Bytes);

        Assert.Equal(values, compressed.Decode("w"));
    }

    [Theory]
    [InlineData("\"prunedShare\":1.5,\"tensors\":[]", "prunedShare 1.5 is not 0..1")]
    [InlineData("\"prunedShare\":0.5,\"tensors\":[{\"name\":\"w\",\"method\":\"trellis\",\"compensated\":true}]", "compensated levels give up zeros: prunedShare is not for them")]
    [InlineData(
        "\"prunedShare\":0.5,\"tensors\":[{\"name\":\"w\",\"method\":\"trellis\",\"weighting\":\"fisher\"},{\"name\":\"v\",\"method\":\"trellis\",\"weighting\":\"outputs\"}]",
        "prunedShare compares all tensors: weigh them alike")]
    public void Shares_that_mean_nothing_are_refused(string settings, string problem)
    {
        PlanException error = Assert.Throws<PlanException>(() => CompressionPlan.FromJson($"{{{settings}}}", "plan.json"));
        Assert.Single(error.Problems);
        Assert.Equal($"plan.json: {problem}", error.Message);
    }
}
