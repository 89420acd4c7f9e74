using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Tests.Codec;

/// <summary>What is quantized comes back within the bounds of its method, and the report says by how much it is off.</summary>
public class LossyRoundTripTests
{
    public static TheoryData<TensorMethod, int> MethodsAndEditions
    {
        get
        {
            TheoryData<TensorMethod, int> data = [];
            foreach (TensorMethod method in CodecRun.Methods.Where(method => method.IsLossy()))
            {
                data.Add(method, 1);
                data.Add(method, 2);
            }

            return data;
        }
    }

    public static TheoryData<TensorMethod> LossyMethods => [.. CodecRun.Methods.Where(method => method.IsLossy())];

    [Theory]
    [MemberData(nameof(MethodsAndEditions))]
    public void Values_come_back_within_the_bounds_of_the_method(TensorMethod method, int edition)
    {
        const int Qp = -20;
        double step = StepSize.FromQp(Qp);
        Model model = CodecRun.Mixed();
        foreach (TopologyCarriage topology in Enum.GetValues<TopologyCarriage>())
        {
            CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, method, Qp, edition, topology));
            using CompressedModel compressed = CompressedModel.Open(run.Bytes);
            Model back = compressed.ToModel();
            foreach (TensorReport report in run.Report.Tensors.Where(report => report.Method.IsLossy()))
            {
                Assert.Equal((Qp, step), (report.Qp, report.StepSize));
                float[] values = model.Find(report.Name)!.ReadSingles();
                float[] decoded = compressed.Decode(report.Name);
                double worst = values.Zip(decoded, (a, b) => Math.Abs((double)a - b)).Max();
                Assert.Equal(worst, report.MaxAbsError);
                Assert.Equal(QuantizationError.Between(values, decoded).SqnrDb, report.SqnrDb, 1e-6);
                switch (method)
                {
                    case TensorMethod.Uniform:
                        Assert.InRange(worst, 0, (step / 2) * (1 + 1e-6));
                        break;
                    case TensorMethod.UniformRdo:
                        // The level next to the nearest one, or zero.
                        Assert.All(values.Zip(decoded), pair => Assert.True(pair.Second == 0 || Math.Abs(pair.First - (double)pair.Second) <= 1.5 * step));
                        break;
                    case TensorMethod.Trellis:
                        // A union of two grids of twice the step, of which each state offers one.
                        Assert.InRange(worst, 0, 2 * step);
                        break;
                    case TensorMethod.ErrorBounded:
                        Assert.InRange(worst, 0, step / 2);
                        break;
                    case TensorMethod.Codebook:
                        Assert.InRange(decoded.Distinct().Count(), 1, 16);
                        Assert.All(decoded, value => Assert.Equal(Math.Round(value / step), value / step, 1e-9));
                        break;
                }

                Assert.True(report.SqnrDb > (method == TensorMethod.Codebook ? 8 : 10), $"{report.Name}: {report.SqnrDb} dB");
                if (topology == TopologyCarriage.Auto) Assert.Equal(model.Find(report.Name)!.ElementType, back.Find(report.Name)!.ElementType);
            }

            Assert.Contains(run.Report.Tensors, report => report.Method == method);
            ReportTests.AssertEveryByteIsCounted(run);
            foreach (TensorReport report in run.Report.Tensors.Where(report => !report.Method.IsLossy()))
            {
                Tensor expected = model.Find(report.Name)!;
                if (back.Find(report.Name)!.ElementType == expected.ElementType)
                    Assert.Equal(expected.Data.ReadAll().ToArray(), CodecRun.BytesOf(back, report.Name));
            }
        }
    }

    [Theory]
    [MemberData(nameof(LossyMethods))]
    public void Zeros_stay_zeros_and_cost_next_to_nothing(TensorMethod method)
    {
        Model model = CodecRun.Model(new Tensor("z", new TensorShape(100, 100), new float[10_000]));
        CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, method));
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);

        Assert.Equal(new float[10_000], compressed.Decode("z"));
        Assert.InRange(run.Report.Tensors[0].Bytes, 1, 60);
    }

    [Theory]
    [MemberData(nameof(LossyMethods))]
    public void Constants_denormals_and_single_lines_come_back(TensorMethod method)
    {
        float[] constant = new float[700];
        Array.Fill(constant, 0.75f);
        Model model = CodecRun.Model(
            new Tensor("constant", new TensorShape(70, 10), constant),
            new Tensor("denormal", new TensorShape(20, 30), [.. CodecRun.Gaussian(600, 1, 1).Select(value => value * 1e-41f)]),
            CodecRun.Floats("row", 1, 1, 500),
            CodecRun.Floats("column", 1, 500, 1),
            CodecRun.Floats("five", 1, 3, 4, 5, 2, 6));
        CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, method));
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);

        foreach (TensorReport report in run.Report.Tensors)
        {
            float[] values = model.Find(report.Name)!.ReadSingles();
            Assert.Equal(QuantizationError.Between(values, compressed.Decode(report.Name)).MaxAbsError, report.MaxAbsError);
            Assert.Equal(model.Find(report.Name)!.Shape.ToString(), compressed.Find(report.Name)!.Shape.ToString());
        }

        Assert.Equal(method == TensorMethod.UniformRdo || method == TensorMethod.TrellisRdo ? [0.75f] : constant.Distinct(), compressed.Decode("constant").Skip(50).Distinct());
        Assert.Equal(new float[600], compressed.Decode("denormal"));
    }

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.NegativeInfinity, "infinite")]
    public void A_tensor_with_values_that_no_step_can_hold_is_stored_exactly_with_a_warning(float value, string word)
    {
        foreach (TensorMethod method in CodecRun.Methods.Where(method => method.IsLossy()))
        {
            float[] values = CodecRun.Gaussian(100, 1, 1);
            values[17] = value;
            Model model = CodecRun.Model(new Tensor("w", new TensorShape(10, 10), values));
            CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, method));

            Assert.Equal([$"tensor 'w': element 17 is {word}, so it is stored exactly"], run.Report.Warnings);
            Assert.Equal(TensorMethod.Raw, run.Report.Tensors[0].Method);
            Assert.Null(run.Report.Tensors[0].Qp);
            using CompressedModel compressed = CompressedModel.Open(run.Bytes);
            Assert.Equal(CodecRun.BytesOf(model, "w"), CodecRun.BytesOf(compressed.ToModel(), "w"));
        }
    }

    [Fact]
    public void A_double_beyond_binary32_is_stored_exactly_and_called_so()
    {
        Model model = CodecRun.Model(CodecRun.Of("d", ElementType.Float64, new TensorShape(2, 2), 1.0, 2.0, 1e300, 3.0));
        CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Uniform));

        Assert.Equal(["tensor 'd': element 2 is infinite in binary32, so it is stored exactly"], run.Report.Warnings);
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);
        ExactRoundTripTests.AssertSame(model.Tensors[0], compressed.ToModel().Tensors[0]);
    }

    public static TheoryData<TensorMethod> MethodsWithQp => [.. CodecRun.Methods.Where(method => method.IsLossy() && method != TensorMethod.ErrorBounded)];

    [Theory]
    [MemberData(nameof(MethodsWithQp))]
    public void Huge_values_raise_the_qp_until_levels_fit(TensorMethod method)
    {
        float[] values = CodecRun.Gaussian(400, 1, 1);
        values[5] = 3e9f;
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(20, 20), values));
        CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, method, qp: -40));

        Assert.Contains(run.Report.Warnings, warning => warning.StartsWith("tensor 'w': QP -40 raised to ", StringComparison.Ordinal));
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);
        Assert.Equal(QuantizationError.Between(values, compressed.Decode("w")).MaxAbsError, run.Report.Tensors[0].MaxAbsError);
    }

    [Theory]
    [MemberData(nameof(LossyMethods))]
    public void The_largest_floats_come_back_finite(TensorMethod method)
    {
        float[] values = [.. CodecRun.Gaussian(400, 1, 1).Select(value => value * (float.MaxValue / 8))];
        values[3] = float.MaxValue;
        values[4] = -float.MaxValue;
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(20, 20), values));
        using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(model, CodecRun.Plan(model, method, qp: 100)).Bytes);

        Assert.All(compressed.Decode("w"), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Where_levels_take_more_than_the_bytes_these_are_kept()
    {
        Model model = CodecRun.Model(
            CodecRun.Of("half", ElementType.Float16, new TensorShape(20, 20), [.. CodecRun.Gaussian(400, 1, 2).Select(value => (Half)value)]),
            CodecRun.Floats("single", 1, 20, 20));
        foreach (int qp in (int[])[-128, -100, -60])
        {
            CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Uniform, qp));

            Assert.Equal(TensorMethod.Raw, run.Report.Tensors[0].Method);
            Assert.All(run.Report.Tensors, tensor => Assert.InRange(tensor.Bytes, 1, tensor.SourceBytes + 50));
            ExactRoundTripTests.AssertSame(model.Tensors[0], CompressedModel.Open(run.Bytes).ToModel().Tensors[0]);
        }
    }

    [Fact]
    public void Narrow_and_wide_floats_keep_their_type_with_a_topology_and_are_warned_of_without()
    {
        float[] values = CodecRun.Gaussian(200, 1, 3);
        Model model = CodecRun.Model(
            CodecRun.Of("f16", ElementType.Float16, new TensorShape(20, 10), [.. values.Select(value => (Half)value)]),
            CodecRun.Of("bf16", ElementType.BFloat16, new TensorShape(20, 10), [.. values.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))]),
            CodecRun.Of("f64", ElementType.Float64, new TensorShape(20, 10), [.. values.Select(value => (double)value)]));
        foreach (TopologyCarriage topology in Enum.GetValues<TopologyCarriage>())
        {
            CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Trellis, topology: topology));
            using CompressedModel compressed = CompressedModel.Open(run.Bytes);
            Model back = compressed.ToModel();

            Assert.Equal(topology == TopologyCarriage.Auto ? 0 : 3, run.Report.Warnings.Count);
            foreach (Tensor tensor in model.Tensors)
            {
                Assert.Equal(topology == TopologyCarriage.Auto ? tensor.ElementType : ElementType.Float32, back.Find(tensor.Name)!.ElementType);
                float[] decoded = back.Find(tensor.Name)!.ReadSingles();
                Assert.All(tensor.ReadSingles().Zip(decoded), pair => Assert.Equal(pair.First, pair.Second, 0.08f));
            }
        }
    }
}
