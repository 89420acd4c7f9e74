using Tersor.Codec;
using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;
using Tersor.Tests.Quantization;

namespace Tersor.Tests.Codec;

/// <summary>Tensors whose levels make up for one another's errors travel like any others.</summary>
public class CompensatedTests
{
    private const int Qp = -12;

    [Theory]
    [InlineData(TensorMethod.Trellis, 1)]
    [InlineData(TensorMethod.Trellis, 2)]
    [InlineData(TensorMethod.TrellisRdo, 2)]
    public void Compensated_levels_come_back_as_they_were_made(TensorMethod method, int edition)
    {
        Model model = CodecRun.Mixed();
        CodecRun run = CodecRun.Of(model, Plan(model, method, edition), curvatures: Curvatures());
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);

        foreach ((string name, RowCurvature curvature) in Curvatures())
        {
            float[] weights = model.Find(name)!.ReadSingles();
            int[] levels = new int[weights.Length];
            float[] expected = new float[weights.Length];
            LevelSyntax syntax = Tensors.Matrix(curvature.Rows, curvature.Columns, dependent: true);
            CompensatedTrellis.Quantize(weights, StepSize.FromQp(Qp), syntax, method == TensorMethod.TrellisRdo ? 1 : 0, curvature, levels);
            UniformQuantizer.Dequantize(levels, StepSize.FromQp(Qp), expected);

            Assert.Equal(expected, compressed.Decode(name));
            TensorReport report = run.Report.Tensors.Single(tensor => tensor.Name == name);
            Assert.Equal((method, (double?)StepSize.FromQp(Qp)), (report.Method, report.StepSize));
            Assert.Equal(QuantizationError.Between(weights, expected).MaxAbsError, report.MaxAbsError);
        }
    }

    [Fact]
    public void Compensated_levels_cost_less_than_others_of_the_same_step()
    {
        Model model = CodecRun.Mixed();
        CompressionPlan plan = Plan(model, TensorMethod.Trellis);
        CompressionPlan plain = plan with { Tensors = [.. plan.Tensors.Select(tensor => tensor with { Compensated = false })] };
        using CompressedModel compensated = CompressedModel.Open(CodecRun.Of(model, plan, curvatures: Curvatures()).Bytes);
        using CompressedModel others = CompressedModel.Open(CodecRun.Of(model, plain).Bytes);

        foreach ((string name, RowCurvature curvature) in Curvatures())
        {
            float[] weights = model.Find(name)!.ReadSingles();
            Assert.InRange(curvature.Cost(weights, compensated.Decode(name)), 0, 0.7 * curvature.Cost(weights, others.Decode(name)));
        }
    }

    [Fact]
    public void Any_number_of_threads_and_the_saved_plan_give_the_same_bytes()
    {
        Model model = CodecRun.Mixed();
        CodecRun one = CodecRun.Of(model, Plan(model, TensorMethod.TrellisRdo), curvatures: Curvatures());
        CompressionPlan saved = CompressionPlan.FromJson(one.Report.Plan.ToJson(), "plan.json");

        Assert.Equal(one.Bytes, CodecRun.Of(model, Plan(model, TensorMethod.TrellisRdo), threads: 3, curvatures: Curvatures()).Bytes);
        Assert.Equal(["fc.weight", "conv.weight"], saved.Tensors.Where(tensor => tensor is { Compensated: true, Scan: 0 }).Select(tensor => tensor.Name));
        Assert.Equal(one.Bytes, CodecRun.Of(model, saved, threads: 3, curvatures: Curvatures()).Bytes);
    }

    [Fact]
    public void Without_statistics_the_tensors_that_need_them_are_named()
    {
        Model model = CodecRun.Mixed();
        CompressionPlan plan = Plan(model, TensorMethod.TrellisRdo);
        Dictionary<string, RowCurvature> some = Curvatures();
        some.Remove("fc.weight");

        Assert.Contains("levels of 'fc.weight', 'conv.weight' are to make up", Assert.Throws<PlanException>(() => CodecRun.Of(model, plan)).Message, StringComparison.Ordinal);
        Assert.Contains("levels of 'fc.weight' are to make up", Assert.Throws<PlanException>(() => CodecRun.Of(model, plan, curvatures: some)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_that_no_step_can_hold_is_stored_exactly_all_the_same()
    {
        float[] values = CodecRun.Gaussian(100, 1, 1);
        values[17] = float.NaN;
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(10, 10), values));
        CompressionPlan plan = new() { Tensors = [new TensorPlan { Name = "w", Method = TensorMethod.Trellis, Qp = Qp, Compensated = true }] };
        CodecRun run = CodecRun.Of(model, plan, curvatures: new Dictionary<string, RowCurvature>(StringComparer.Ordinal) { ["w"] = Curvature(10, 10) });
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);

        Assert.Equal(CodecRun.BytesOf(model, "w"), CodecRun.BytesOf(compressed.ToModel(), "w"));
        Assert.Equal(run.Bytes, CodecRun.Of(model, run.Report.Plan).Bytes);
    }

    private static CompressionPlan Plan(Model model, TensorMethod method, int edition = 2)
    {
        CompressionPlan plan = CodecRun.Plan(model, TensorMethod.Lossless, edition: edition);
        double lambda = method == TensorMethod.TrellisRdo ? 1 : 0;
        return plan with
        {
            Tensors =
            [
                .. plan.Tensors.Select(tensor => tensor.Name is "fc.weight" or "conv.weight"
                    ? new TensorPlan { Name = tensor.Name, Method = method, Qp = Qp, Lambda = lambda, Compensated = true }
                    : tensor),
            ],
        };
    }

    private static Dictionary<string, RowCurvature> Curvatures() => new(StringComparer.Ordinal)
    {
        ["fc.weight"] = Curvature(40, 30),
        ["conv.weight"] = Curvature(8, 36),
    };

    private static RowCurvature Curvature(int rows, int columns) =>
        new([SecondMoments.Correlated(columns, samples: 100, seed: 1)], SecondMoments.Correlated(rows, samples: 100, seed: 2), 0.03, 0.1);
}
