using Tersor.Compression.Budgets;
using Tersor.Compression.Calibration;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Compression.Tests.Budgets;

public class SlopeFamilyTests
{
    private static readonly Lazy<NetworkCurvature> Curvature = new(() =>
    {
        using KernelThreads threads = new(2);
        NetworkBuilder builder = new("small", seed: 4, 1, 28, 28);
        string value = builder.Relu("relu1", builder.Convolution("conv1", builder.Input, channels: 6, kernel: 5, stride: 2));
        value = builder.Relu("relu2", builder.Convolution("conv2", value, channels: 8, kernel: 3, stride: 2));
        value = builder.Relu("relu3", builder.Dense("fc1", builder.Flatten("flatten", value), outputs: 20));
        ExecutableGraph graph = ExecutableGraph.Create(builder.Build(builder.Dense("fc2", value, outputs: 10)));
        return NetworkCurvature.Estimate(graph, GeneratedDigits.Generate(64, seed: 2, isTest: false), Preprocessing.Default, (0.03, 0.1), seed: 1, threads);
    });

    [Fact]
    public void Steps_grow_from_plan_to_plan_a_few_tensors_at_a_time()
    {
        CompressionPlan plan = Plan();
        SlopeFamily family = new(plan, Curvature.Value, lambda: null);
        int[] last = Qps(family.At(0));
        for (int i = 1; i < family.Count; i++)
        {
            int[] qps = Qps(family.At(i));
            Assert.All(qps.Zip(last), pair => Assert.InRange(pair.First - pair.Second, 0, 1));

            // Each of six tensors takes a quarter octave in every fourth plan.
            Assert.InRange(qps.Zip(last).Count(pair => pair.First != pair.Second), 0, 4);
            last = qps;
        }

        // From end to end sixteen octaves of four steps each.
        Assert.All(last.Zip(Qps(family.At(0))), pair => Assert.InRange(pair.First - pair.Second, 63, 65));
    }

    [Fact]
    public void A_unit_of_step_costs_the_same_in_all_tensors()
    {
        SlopeFamily family = new(Plan(), Curvature.Value, lambda: null);
        TensorPlan[] tensors = [.. family.At(family.Count / 2).Tensors.Where(IsSearched)];
        double[] costs =
        [
            .. tensors.Select(tensor =>
            {
                double step = StepSize.FromQp(tensor.Qp) / (tensor.Method.IsDependent() ? 1 : StepSize.UniformRatio);
                return Math.Log2(step * step * Curvature.Value.MeanCost(tensor.Name)!.Value);
            }),
        ];

        // Steps are rounded down to quarter octaves, their squares to half ones.
        Assert.Equal(6, tensors.Length);
        Assert.InRange(costs.Max() - costs.Min(), 0, 0.75);
    }

    [Theory]
    [InlineData(null, 1.5)]
    [InlineData(0.4, 0.4)]
    public void Convolutions_and_products_are_compensated_with_the_weight_of_bits_that_suits_or_is_asked_for(double? asked, double expected)
    {
        CompressionPlan plan = new SlopeFamily(Plan(), Curvature.Value, asked).At(50);

        TensorPlan[] compensated = [.. plan.Tensors.Where(tensor => tensor.Compensated)];
        Assert.Equal(["conv1.weight", "conv2.weight", "fc1.weight"], compensated.Select(tensor => tensor.Name));
        Assert.All(compensated, tensor => Assert.Equal(((int?)0, expected), (tensor.Scan, tensor.Lambda)));
        Assert.All(plan.Tensors.Where(tensor => tensor.Method == TensorMethod.Trellis), tensor => Assert.Equal(0, tensor.Lambda));

        // A method that cannot be compensated keeps its own settings.
        Assert.Equal((false, 7.0), (Of("fc2.weight").Compensated, Of("fc2.weight").Lambda));

        TensorPlan Of(string name) => plan.Tensors.Single(tensor => tensor.Name == name);
    }

    [Fact]
    public void Tensors_of_which_nothing_is_known_and_exact_ones_stay_as_they_are()
    {
        CompressionPlan plan = Plan();
        SlopeFamily family = new(plan, Curvature.Value, lambda: null);
        foreach (int index in new[] { 0, family.Count - 1 })
        {
            CompressionPlan at = family.At(index);
            Assert.Equal(plan.Tensors.Select(tensor => tensor.Name), at.Tensors.Select(tensor => tensor.Name));
            foreach (string name in new[] { "unknown", "exact", "fc2.bias" })
                Assert.Equal(plan.Tensors.Single(tensor => tensor.Name == name), at.Tensors.Single(tensor => tensor.Name == name));
        }
    }

    [Fact]
    public void The_settings_of_the_whole_plan_stay_and_steps_stay_within_what_a_stream_can_say()
    {
        CompressionPlan plan = Plan() with { FoldBatchNorm = true, Edition = 1, Calibration = new CalibrationPlan { Samples = 64 } };
        CompressionPlan coarse = plan with { Tensors = [.. plan.Tensors.Select(tensor => tensor with { Qp = StepSize.MaxQp() - 3 })] };
        SlopeFamily family = new(coarse, Curvature.Value, lambda: null);
        foreach (int index in new[] { 0, family.Count - 1 })
        {
            CompressionPlan at = family.At(index);
            Assert.Equal((true, 1, plan.Calibration), (at.FoldBatchNorm, at.Edition, at.Calibration));
            Assert.Equal(at.ToJson(), CompressionPlan.FromJson(at.ToJson(), "plan.json").ToJson());
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => family.At(family.Count));
        Assert.Throws<ArgumentOutOfRangeException>(() => family.At(-1));
    }

    private static int[] Qps(CompressionPlan plan) =>
        [.. plan.Tensors.Where(IsSearched).Select(tensor => tensor.Qp)];

    private static bool IsSearched(TensorPlan tensor) => tensor.Method.IsLossy() && tensor.Name is not ("unknown" or "fc2.bias");

    private static CompressionPlan Plan() => new()
    {
        Tensors =
        [
            new TensorPlan { Name = "conv1.weight", Method = TensorMethod.TrellisRdo, Qp = -20, Lambda = 1 },
            new TensorPlan { Name = "conv1.bias", Method = TensorMethod.Trellis, Qp = -30 },
            new TensorPlan { Name = "conv2.weight", Method = TensorMethod.TrellisRdo, Qp = -21, Lambda = 1 },
            new TensorPlan { Name = "conv2.bias", Method = TensorMethod.Uniform, Qp = -30 },
            new TensorPlan { Name = "fc1.weight", Method = TensorMethod.TrellisRdo, Qp = -22, Lambda = 1 },
            new TensorPlan { Name = "fc2.weight", Method = TensorMethod.UniformRdo, Qp = -22, Lambda = 7 },
            new TensorPlan { Name = "fc2.bias", Method = TensorMethod.Uniform },
            new TensorPlan { Name = "unknown", Method = TensorMethod.TrellisRdo, Qp = -10, Lambda = 1 },
            new TensorPlan { Name = "exact", Method = TensorMethod.Lossless },
        ],
    };
}
