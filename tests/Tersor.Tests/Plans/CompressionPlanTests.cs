using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;
using Tersor.Tests.Codec;

namespace Tersor.Tests.Plans;

/// <summary>Saved plans: what is written is read back, what is left out takes the default, and every mistake is listed.</summary>
public class CompressionPlanTests
{
    /// <summary>A stated codebook is taken as it is: what comes back are its entries, each the nearest to its weight.</summary>
    [Fact]
    public void A_given_codebook_is_what_weights_come_back_as()
    {
        Seeded random = new(82);
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(40, 50), [.. Enumerable.Range(0, 2000).Select(_ => random.NextGaussian())]));
        const string Json = """{"tensors": [{"name": "w", "method": "codebook", "qp": -8, "codebook": [-6, -1, 0, 3, 8]}]}""";
        CompressionPlan plan = CompressionPlan.FromJson(Json, "plan");
        using CompressedModel back = CompressedModel.Open(CodecRun.Of(model, plan).Bytes);
        double step = StepSize.FromQp(-8);
        float[] allowed = [.. new[] { -6, -1, 0, 3, 8 }.Select(entry => (float)(entry * step))];

        float[] decoded = back.Decode("w");

        Assert.Equal(model.Tensors[0].ReadSingles().Select(value => allowed.MinBy(entry => Math.Abs(entry - (double)value))), decoded);
        Assert.Equal(plan.Tensors[0], CompressionPlan.FromJson(plan.ToJson(), "again").Tensors[0]);
    }

    [Theory]
    [InlineData(""" "method": "codebook", "codebook": [] """, "codebook has 0 entries, not 1..65536")]
    [InlineData(""" "method": "codebook", "codebook": [0, 2, 2] """, "codebook does not increase at entry 2: 2, 2")]
    [InlineData(""" "method": "codebook", "codebook": [0, 2147483647] """, "codebook has an entry beyond 1073741824")]
    [InlineData(""" "method": "codebook", "codebook": [0, 1], "codebookSize": 4 """, "codebook is given, and codebookSize says how large to make one; drop one")]
    [InlineData(""" "method": "trellis", "codebook": [0, 1] """, "codebook is for method codebook")]
    [InlineData(""" "method": "codebook", "codebook": [0.5] """, "a codebook is an array of whole numbers, multiples of the step")]
    public void A_codebook_that_no_stream_can_carry_is_named(string settings, string problem) => Assert.Contains(
        problem,
        Assert.Throws<PlanException>(() => CompressionPlan.FromJson($$"""{"tensors": [{"name": "w", {{settings}}}]}""", "plan")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_plan_is_written_as_short_readable_json()
    {
        CompressionPlan plan = new()
        {
            Tensors =
            [
                new TensorPlan { Name = "a", Method = TensorMethod.TrellisRdo, Qp = -30, Lambda = 1.5, GreaterFlags = 9, Scan = 0, RowSkipping = false },
                new TensorPlan { Name = "b", Method = TensorMethod.Lossless },
            ],
        };

        string expected = """
            {
              "version": 1,
              "edition": 2,
              "qpDensity": 2,
              "tensors": [
                {
                  "name": "a",
                  "method": "trellis-rdo",
                  "qp": -30,
                  "lambda": 1.5,
                  "greaterFlags": 9,
                  "scan": 0,
                  "rowSkipping": false
                },
                {
                  "name": "b",
                  "method": "lossless"
                }
              ]
            }

            """;
        Assert.Equal(expected.ReplaceLineEndings("\n"), plan.ToJson().ReplaceLineEndings("\n"));
        Assert.Equal(plan.ToJson(), CompressionPlan.FromJson(plan.ToJson(), "plan.json").ToJson());
    }

    [Fact]
    public void What_is_left_out_takes_the_default()
    {
        CompressionPlan plan = CompressionPlan.FromJson("""{"tensors":[{"name":"w","method":"Uniform","qp":-3}]}""", "plan.json");

        Assert.Equal((1, 2, TopologyCarriage.Auto, 2), (plan.Version, plan.Edition, plan.Topology, plan.QpDensity));
        Assert.Equal(new TensorPlan { Name = "w", Method = TensorMethod.Uniform, Qp = -3 }, Assert.Single(plan.Tensors));
    }

    [Fact]
    public void Every_method_and_setting_survives_saving()
    {
        CompressionPlan plan = new()
        {
            Edition = 1,
            QpDensity = 5,
            Topology = TopologyCarriage.None,
            Tensors = [.. CodecRun.Methods.Select(method => CodecRun.Settings(method.ToString(), method, -7) with { CodebookSize = 9, Scan = 3, RowSkipping = true, Lambda = 0.1 })],
        };
        CompressionPlan back = CompressionPlan.FromJson(plan.ToJson(), "plan.json");

        Assert.Equal(plan.Tensors, back.Tensors);
        Assert.Equal((1, 5, TopologyCarriage.None), (back.Edition, back.QpDensity, back.Topology));
    }

    [Fact]
    public void The_data_behind_compensated_levels_survive_saving()
    {
        CompressionPlan plan = new()
        {
            FoldBatchNorm = true,
            Calibration = new CalibrationPlan { Samples = 300, Seed = ulong.MaxValue, InputDamping = 0.02, OutputDamping = 0.3, Digest = "00ff" },
            Tensors = [new TensorPlan { Name = "w", Method = TensorMethod.TrellisRdo, Qp = -7, Lambda = 1.5, Compensated = true, Scan = 0 }],
        };
        CompressionPlan back = CompressionPlan.FromJson(plan.ToJson(), "plan.json");

        Assert.True(back.FoldBatchNorm);
        Assert.Equal(plan.Calibration, back.Calibration);
        Assert.Equal(plan.Tensors, back.Tensors);
        Assert.Equal(plan.ToJson(), back.ToJson());
    }

    [Fact]
    public void A_calibration_that_names_samples_alone_takes_the_usual_damping()
    {
        CompressionPlan plan = CompressionPlan.FromJson("{\"calibration\":{\"samples\":5},\"tensors\":[]}", "plan.json");
        Assert.Equal(new CalibrationPlan { Samples = 5 }, plan.Calibration);
    }

    [Theory]
    [InlineData("\"samples\":0")]
    [InlineData("\"samples\":-3")]
    [InlineData("\"samples\":5,\"inputDamping\":0")]
    [InlineData("\"samples\":5,\"inputDamping\":-1")]
    [InlineData("\"samples\":5,\"inputDamping\":1e999")]
    [InlineData("\"samples\":5,\"outputDamping\":0")]
    [InlineData("\"samples\":5,\"outputDamping\":1e999")]
    public void A_calibration_out_of_range_is_refused(string calibration)
    {
        PlanException error = Assert.Throws<PlanException>(() => CompressionPlan.FromJson($"{{\"calibration\":{{{calibration}}},\"tensors\":[]}}", "plan.json"));
        Assert.Single(error.Problems);
        Assert.StartsWith("plan.json: calibration takes ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"method\":\"uniform\"", "uniform cannot be compensated")]
    [InlineData("\"method\":\"uniform-rdo\"", "uniform-rdo cannot be compensated")]
    [InlineData("\"method\":\"codebook\",\"codebookSize\":9", "codebook cannot be compensated")]
    [InlineData("\"method\":\"lossless\"", "lossless cannot be compensated")]
    [InlineData("\"method\":\"trellis\",\"scan\":1", "compensated levels are coded row by row, scan 0")]
    public void Compensated_tensors_that_no_trellis_can_code_are_refused(string settings, string problem)
    {
        PlanException error = Assert.Throws<PlanException>(
            () => CompressionPlan.FromJson($"{{\"tensors\":[{{\"name\":\"w\",\"compensated\":true,{settings}}}]}}", "plan.json"));
        Assert.Single(error.Problems);
        Assert.Equal($"plan.json: tensor 'w': {problem}", error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"tensors\":null}")]
    [InlineData("{\"tensors\":[null]}")]
    [InlineData("{\"tensors\":[{\"method\":\"raw\"}]}")]
    [InlineData("{\"tensors\":[{\"name\":null,\"method\":\"raw\"}]}")]
    [InlineData("{\"tensors\":[{\"name\":\"w\"}]}")]
    [InlineData("{\"tensors\":[{\"name\":\"w\",\"method\":\"best\"}]}")]
    [InlineData("{\"tensors\":[{\"name\":\"w\",\"method\":6}]}")]
    [InlineData("{\"tensors\":[{\"name\":\"w\",\"method\":\"raw\",\"qpp\":1}]}")]
    [InlineData("{\"tensors\":[],\"speed\":1}")]
    [InlineData("{\"tensors\":[],\"topology\":\"some\"}")]
    [InlineData("{\"tensors\":[],\"topology\":null}")]
    [InlineData("{\"tensors\":[],\"edition\":\"2\"}")]
    [InlineData("{\"tensors\":[],\"calibration\":{}}")]
    [InlineData("{\"tensors\":[],\"calibration\":{\"samples\":5,\"speed\":1}}")]
    [InlineData("{\"tensors\":[],\"foldBatchNorm\":1}")]
    [InlineData("{\"tensors\":[]} trailing")]
    public void What_is_no_plan_is_refused_with_the_name_of_the_file(string json)
    {
        PlanException error = Assert.Throws<PlanException>(() => CompressionPlan.FromJson(json, "plan.json"));
        Assert.StartsWith("plan.json: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weightings_scalings_and_corrections_survive_saving()
    {
        CompressionPlan plan = new()
        {
            BiasCorrection = true,
            BatchNormReestimation = true,
            Tensors = [.. ErrorWeightings.All.Select((entry, i) => new TensorPlan { Name = entry.Name, Method = TensorMethod.UniformRdo, Weighting = entry.Weighting, LocalScaling = i % 2 == 0 })],
        };
        CompressionPlan back = CompressionPlan.FromJson(plan.ToJson(), "plan.json");

        Assert.Equal(plan.Tensors, back.Tensors);
        Assert.Equal((true, true), (back.BiasCorrection, back.BatchNormReestimation));
        Assert.Equal(plan.ToJson(), back.ToJson());
    }

    [Fact]
    public void Tuning_survives_saving_and_takes_the_place_of_corrections()
    {
        CompressionPlan plan = new() { VectorTuning = true, Tensors = [] };
        CompressionPlan back = CompressionPlan.FromJson(plan.ToJson(), "plan.json");

        Assert.Equal((true, true, false), (back.VectorTuning, back.NeedsStatistics, back.NeedsCorrection));
        Assert.False(CompressionPlan.FromJson("{\"tensors\":[]}", "plan.json").VectorTuning);
        foreach (CompressionPlan both in (CompressionPlan[])[plan with { BiasCorrection = true }, plan with { BatchNormReestimation = true }])
            Assert.Contains("drop their correction", Assert.Throws<PlanException>(() => CompressionPlan.FromJson(both.ToJson(), "plan.json")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tuning_without_data_is_refused()
    {
        Model model = CodecRun.Mixed();
        CompressionPlan plan = CodecRun.Plan(model, TensorMethod.Lossless) with { VectorTuning = true };

        Assert.Contains("vectors are to be tuned, which takes data", Assert.Throws<PlanException>(() => ModelCompressor.Compress(model, plan, Stream.Null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"method\":\"uniform\",\"weighting\":\"fisher\"", "uniform weighs no errors")]
    [InlineData("\"method\":\"lossless\",\"weighting\":\"outputs\"", "lossless weighs no errors")]
    [InlineData("\"method\":\"trellis\",\"weighting\":\"fisher\",\"compensated\":true", "compensated levels weigh errors already")]
    [InlineData("\"method\":\"trellis\",\"localScaling\":true,\"compensated\":true", "local scaling would undo what compensated levels make up for")]
    [InlineData("\"method\":\"shared\",\"localScaling\":true", "shared has no local scaling")]
    [InlineData("\"method\":\"error-bounded\",\"errorBound\":\"abs:1\",\"localScaling\":true", "error-bounded has no local scaling")]
    public void Weightings_and_scalings_that_change_nothing_are_refused(string settings, string problem)
    {
        PlanException error = Assert.Throws<PlanException>(() => CompressionPlan.FromJson($"{{\"tensors\":[{{\"name\":\"w\",{settings}}}]}}", "plan.json"));
        Assert.Single(error.Problems);
        Assert.Equal($"plan.json: tensor 'w': {problem}", error.Message);
    }

    [Fact]
    public void An_unknown_weighting_is_answered_with_the_known_ones()
    {
        PlanException error = Assert.Throws<PlanException>(() => CompressionPlan.FromJson("{\"tensors\":[{\"name\":\"w\",\"method\":\"trellis\",\"weighting\":\"mass\"}]}", "plan.json"));
        Assert.Contains("'mass' is not a weighting; known: none, fisher, empirical, outputs", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vector_has_no_rows_to_scale()
    {
        Model model = CodecRun.Mixed();
        CompressionPlan plan = CodecRun.Plan(model, TensorMethod.Lossless);
        plan = plan with { Tensors = [.. plan.Tensors.Select(tensor => tensor.Name == "bias" ? new TensorPlan { Name = "bias", Method = TensorMethod.Trellis, LocalScaling = true } : tensor)] };

        Assert.Contains("tensor 'bias' has no rows for local scaling", Assert.Throws<PlanException>(() => plan.CheckAgainst(model, "plan.json")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"tensors\":[],\"edition\":1,\"edition\":2}", "edition")]
    [InlineData("{\"tensors\":[{\"name\":\"w\",\"method\":\"raw\",\"method\":\"uniform\"}]}", "method")]
    public void A_key_that_occurs_twice_is_refused_and_named(string json, string key)
    {
        PlanException error = Assert.Throws<PlanException>(() => CompressionPlan.FromJson(json, "plan.json"));
        Assert.Contains(key, Assert.Single(error.Problems), StringComparison.Ordinal);
        Assert.Contains("uplicate", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"name\":\"w\",\"method\":\"error-bounded\"}", "tensor 'w': errorBound is missing: abs:X or rel:X with X above 0, or pointwise:X with X between 0 and 1, such as abs:1e-3")]
    [InlineData("{\"name\":\"w\",\"method\":\"uniform\",\"errorBound\":\"abs:1\"}", "tensor 'w': errorBound is for method error-bounded")]
    [InlineData("{\"name\":\"w\",\"method\":\"error-bounded\",\"errorBound\":\"pointwise:0.1\",\"predictor\":\"lorenzo\"}", "tensor 'w': a predictor is for absolute and relative error bounds")]
    [InlineData("{\"name\":\"w\",\"method\":\"uniform\",\"predictor\":\"auto\"}", "tensor 'w': a predictor is for absolute and relative error bounds")]
    public void Bounds_and_predictors_that_fit_nothing_are_refused(string tensor, string problem)
    {
        PlanException error = Assert.Throws<PlanException>(() => CompressionPlan.FromJson($"{{\"tensors\":[{tensor}]}}", "plan.json"));
        Assert.Equal([problem], error.Problems);
        Assert.Equal($"plan.json: {problem}", error.Message);
    }

    [Theory]
    [InlineData("\"errorBound\":\"abs\"", "'abs' is not an error bound")]
    [InlineData("\"errorBound\":0.1", "'' is not an error bound")]
    [InlineData("\"errorBound\":\"abs:1\",\"predictor\":\"best\"", "'best' is not a predictor; known: zero, lorenzo, regression, auto")]
    public void Malformed_bounds_and_predictors_are_answered_with_what_is_known(string settings, string problem)
    {
        PlanException error = Assert.Throws<PlanException>(
            () => CompressionPlan.FromJson($"{{\"tensors\":[{{\"name\":\"w\",\"method\":\"error-bounded\",{settings}}}]}}", "plan.json"));
        Assert.Contains(problem, Assert.Single(error.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_methods_are_answered_with_the_known_ones()
    {
        PlanException error = Assert.Throws<PlanException>(() => CompressionPlan.FromJson("{\"tensors\":[\n{\"name\":\"w\",\"method\":\"best\"}]}", "plan.json"));
        Assert.Contains("line 2", error.Message, StringComparison.Ordinal);
        Assert.Contains("'best' is not a method; known: lossless, topology, integer, shared, raw, uniform, uniform-rdo, trellis, trellis-rdo, codebook, error-bounded", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_values_out_of_range_are_listed_at_once()
    {
        PlanException error = Assert.Throws<PlanException>(() => CompressionPlan.FromJson(
            """
            {"version":2,"edition":3,"tensors":[
              {"name":"a","method":"uniform","qp":128},
              {"name":"a","method":"trellis","qp":-129,"lambda":-1},
              {"name":"c","method":"codebook","codebookSize":1,"greaterFlags":257,"scan":5},
              {"name":"d","method":"uniform-rdo","lambda":1e999}]}
            """,
            "plan.json"));

        Assert.Equal(
            [
                "version 2 is not 1",
                "edition 3 is not 1 or 2",
                "tensor 'a': qp 128 is not -128..127",
                "tensor 'a' occurs twice",
                "tensor 'a': qp -129 is not -128..127",
                "tensor 'a': lambda is not a number from 0",
                "tensor 'c': greaterFlags 257 is not 0..256",
                "tensor 'c': scan 5 is not 0..4",
                "tensor 'c': codebookSize 1 is not 2..65536",
                "tensor 'd': lambda is not a number from 0",
            ],
            error.Problems);
        Assert.Equal($"plan.json: {string.Join("; ", error.Problems.Take(5))}; and 5 more", error.Message);
        Assert.Contains("qpDensity 8 is not 0..7", Assert.Throws<PlanException>(() => CompressionPlan.FromJson("{\"qpDensity\":8,\"tensors\":[]}", "p")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_fits_one_model_only_and_says_all_that_differs()
    {
        Model model = CodecRun.Mixed();
        CompressionPlan plan = CodecRun.Plan(model, TensorMethod.Raw);
        plan.CheckAgainst(model, "plan.json");
        CompressionPlan other = plan with
        {
            Tensors = [.. plan.Tensors.Skip(1).Select(tensor => tensor.Name == "steps" ? tensor with { Method = TensorMethod.Uniform } : tensor), new TensorPlan { Name = "new", Method = TensorMethod.Raw }],
        };

        PlanException error = Assert.Throws<PlanException>(() => other.CheckAgainst(model, "plan.json"));
        Assert.Equal(
            [
                "the model has no tensor 'new'",
                "tensor 'fc.weight' is not in the plan",
                "tensor 'steps' holds int64, which uniform cannot quantize; plan it as lossless",
            ],
            error.Problems);
        Assert.Equal($"plan.json: does not fit memory: {string.Join("; ", error.Problems)}", error.Message);
    }

    [Fact]
    public void Settings_of_a_plan_are_obeyed()
    {
        Model model = CodecRun.Model(CodecRun.Floats("w", 1, 40, 30));
        foreach (int density in (int[])[0, 7])
        {
            TensorPlan tensor = new() { Name = "w", Method = TensorMethod.Uniform, Qp = -(3 << density), GreaterFlags = 3, Scan = 1, RowSkipping = false };
            CodecRun run = CodecRun.Of(model, new CompressionPlan { QpDensity = density, Tensors = [tensor] });

            Assert.Equal(tensor, Assert.Single(run.Report.Plan.Tensors));
            Assert.Equal(0.125, run.Report.Tensors[0].StepSize);
            Assert.InRange(run.Report.Tensors[0].MaxAbsError, 0.05, 0.0625);
        }
    }
}
