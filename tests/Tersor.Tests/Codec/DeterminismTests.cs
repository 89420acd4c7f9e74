using System.Security.Cryptography;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;

namespace Tersor.Tests.Codec;

/// <summary>The bytes depend on model and plan only.</summary>
public class DeterminismTests
{
    public static TheoryData<TensorMethod> Methods => [.. CodecRun.Methods];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Any_number_of_threads_gives_the_same_bytes(TensorMethod method)
    {
        Model model = CodecRun.Mixed();
        CompressionPlan plan = CodecRun.Plan(model, method, topology: TopologyCarriage.None);
        CodecRun one = CodecRun.Of(model, plan);
        foreach (int threads in (int[])[2, 3, 8])
        {
            CodecRun several = CodecRun.Of(model, plan, threads);
            Assert.Equal(SHA256.HashData(one.Bytes), SHA256.HashData(several.Bytes));
            Assert.Equal(one.Report.Warnings, several.Report.Warnings);
            Assert.Equal(one.Report.Tensors, several.Report.Tensors);
        }
    }

    [Theory]
    [InlineData(TensorMethod.TrellisRdo)]
    [InlineData(TensorMethod.UniformRdo)]
    [InlineData(TensorMethod.Codebook)]
    public void A_tensor_that_several_threads_share_gives_the_same_bytes(TensorMethod method)
    {
        float[] weights = new float[1100 * 1024];
        ReadOnlySpan<float> pattern = CodecRun.Gaussian(70_001, 0.05f, 8);
        for (int i = 0; i < weights.Length; i++) weights[i] = pattern[i % pattern.Length];
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(1100, 1024), weights));
        CompressionPlan plan = CodecRun.Plan(model, method);

        Assert.Equal(SHA256.HashData(CodecRun.Of(model, plan).Bytes), SHA256.HashData(CodecRun.Of(model, plan, threads: 3).Bytes));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_saved_plan_replays_to_the_same_bytes(TensorMethod method)
    {
        foreach (Model model in new[] { CodecRun.Mixed(), Shared(), WithFallbacks() })
        {
            foreach (int edition in (int[])[1, 2])
            {
                CodecRun first = CodecRun.Of(model, CodecRun.Plan(model, method, edition: edition));
                string json = first.Report.Plan.ToJson();
                CodecRun again = CodecRun.Of(model, CompressionPlan.FromJson(json, "plan.json"));

                Assert.Equal(SHA256.HashData(first.Bytes), SHA256.HashData(again.Bytes));
                Assert.Equal(json, again.Report.Plan.ToJson());
            }
        }
    }

    [Fact]
    public void A_plan_made_from_options_replays_too()
    {
        Model model = CodecRun.Mixed();
        foreach (PlanOptions options in new PlanOptions[] { new(), new() { Qp = -30 }, new() { Lossless = true }, new() { Quality = 20, Method = TensorMethod.Codebook }, new() { Method = TensorMethod.UniformRdo, Lambda = 20 } })
        {
            CodecRun first = CodecRun.Of(model, PlanBuilder.Build(model, options));
            CodecRun again = CodecRun.Of(model, CompressionPlan.FromJson(first.Report.Plan.ToJson(), "plan.json"), threads: 3);
            Assert.Equal(SHA256.HashData(first.Bytes), SHA256.HashData(again.Bytes));
        }
    }

    [Fact]
    public void The_sample_network_is_the_same_by_any_number_of_threads_and_by_its_saved_plan()
    {
        using Model model = OnnxModel.Open(Path.Combine(SharedAssets.RepositoryRoot, "samples", "lenet5.onnx"));
        CompressionPlan plan = PlanBuilder.Build(model, new PlanOptions());
        Assert.Equal(plan.ToJson(), PlanBuilder.Build(model, new PlanOptions(), threads: 3).ToJson());

        CodecRun one = CodecRun.Of(model, plan);
        Assert.Equal(SHA256.HashData(one.Bytes), SHA256.HashData(CodecRun.Of(model, plan, threads: 3).Bytes));
        Assert.Equal(SHA256.HashData(one.Bytes), SHA256.HashData(CodecRun.Of(model, CompressionPlan.FromJson(one.Report.Plan.ToJson(), "plan.json")).Bytes));
    }

    // Shared values in many patterns, so that index, swapped index and bytes each win somewhere.
    private static Model Shared()
    {
        Seeded random = new(99);
        return CodecRun.Model([.. Enumerable.Range(0, 24).Select(i =>
        {
            int rows = 1 + random.NextInt(40);
            int columns = 1 + random.NextInt(40);
            int distinct = 1 + random.NextInt(30);
            int kind = i % 3;
            return new Tensor("t" + i, new TensorShape(rows, columns), [.. Enumerable.Range(0, rows * columns).Select(
                at => (kind == 0 ? random.NextInt(distinct) : kind == 1 ? at % columns % distinct : at / columns % distinct) * 0.5f)]);
        })]);
    }

    private static Model WithFallbacks() => CodecRun.Model(
        new Tensor("nan", new TensorShape(4, 4), [.. Enumerable.Repeat(float.NaN, 16)]),
        new Tensor("huge", new TensorShape(20, 20), [.. CodecRun.Gaussian(400, 1e9f, 3)]),
        new Tensor("largest", new TensorShape(2, 10), [.. CodecRun.Gaussian(20, 1e37f, 3)]),
        new Tensor("tiny", new TensorShape(1, 1), [1f]),
        new Tensor("empty", new TensorShape(0, 3), []));
}
