using System.Globalization;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Operators;

/// <summary>Every backward rule against central differences of its forward rule.</summary>
public class GradientTests
{
    private const float Step = 0.01f;

    // Whole networks have kinks everywhere; fewer are crossed.
    private const float SmallStep = 0.001f;

    // Second-order error of the difference, and rounding of the outputs over the step.
    private const double Tolerance = 4e-3;

    public static TheoryData<string> Names => [.. OperatorCases.Differentiable.Keys, "BatchNormalization"];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_gradient_is_the_slope_of_the_loss(string name)
    {
        OperatorCase operatorCase = name == "BatchNormalization" ? OperatorCases.ForwardOnly[name] : OperatorCases.Differentiable[name];
        ExecutableGraph graph = ExecutableGraph.Create(operatorCase.Graph());
        using KernelThreads threads = new(2);
        AssertSlopes(graph, graph.PlanTraining(1, threads));
    }

    [Fact]
    public void Gradients_of_inference_leave_the_running_statistics_as_they_are_and_compute_with_them()
    {
        ExecutableGraph graph = ExecutableGraph.Create(OperatorCases.ForwardOnly["BatchNormalization"].Graph());
        using KernelThreads threads = new(2);
        float[][] state = [.. graph.Parameters.Where(parameter => !parameter.IsTrainable).Select(parameter => parameter.Values.ToArray())];
        Assert.Equal(2, state.Length);
        InferencePlan inference = graph.PlanInference(1, threads);
        TrainingPlan plan = graph.PlanGradients(graph.ShapesForBatch(1), threads);

        AssertSlopes(graph, plan);

        Assert.Equal(state, graph.Parameters.Where(parameter => !parameter.IsTrainable).Select(parameter => parameter.Values));
        inference.Run();
        plan.Forward(0);
        Assert.Equal(inference.Output(0).ToArray(), plan.Output(0).ToArray());
    }

    [Fact]
    public void An_output_whose_gradient_is_not_written_counts_for_nothing()
    {
        using KernelThreads threads = new(2);
        float[][] alone = Gradients(outputs: 1);
        float[][] beside = Gradients(outputs: 2);

        Assert.Equal(alone, beside[..2]);
        Assert.All(beside[2], value => Assert.Equal(0, value));

        // Twice, as what the first backward pass leaves is where the second one's gradients go.
        float[][] Gradients(int outputs)
        {
            Seeded random = new(5);
            OnnxGraphBuilder builder = new("exits");
            string Weight(string name, int rows, int columns) =>
                builder.AddInitializer(new Tensor(name, new TensorShape(rows, columns), [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextGaussian())]));
            string x = builder.AddInput("x", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(6));
            string hidden = builder.AddNode("Relu", [builder.AddNode("MatMul", [x, Weight("w1", 6, 40)])]);
            builder.AddNode("MatMul", [hidden, Weight("w2", 40, 3)], output: "late");
            if (outputs == 2) builder.AddNode("MatMul", [hidden, Weight("w3", 40, 3)], output: "early");
            foreach (string name in new[] { "late", "early" }.Take(outputs)) builder.AddOutput(name, ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(3));
            ExecutableGraph graph = ExecutableGraph.Create(builder.Build());
            TrainingPlan plan = graph.PlanTraining(4, threads);
            for (int pass = 0; pass < 2; pass++)
            {
                Seeded values = new(9);
                foreach (ref float value in plan.Input(0)) value = values.NextGaussian();
                plan.Forward(1);
                foreach (ref float value in plan.OutputGradient(0)) value = values.NextGaussian();
                plan.Backward();
            }

            return [.. new[] { "w1", "w2", "w3" }.Take(outputs + 1).Select(name => graph.FindParameter(name)!.ForwardGradient.ToArray())];
        }
    }

    [Fact]
    public void Gradients_that_are_not_wanted_are_not_touched_and_the_others_are_the_same()
    {
        ExecutableGraph graph = ExecutableGraph.Create(NetworkArchitectures.Create("resnet20", seed: 3));
        using KernelThreads threads = new(2);
        Dictionary<string, float[]> all = Gradients(graph.PlanGradients(graph.ShapesForBatch(2), threads));
        foreach (GraphParameter parameter in graph.Parameters) parameter.ForwardGradient.AsSpan().Fill(float.NaN);
        Dictionary<string, float[]> some = Gradients(graph.PlanGradients(graph.ShapesForBatch(2), threads, wanted: parameter => parameter.Shape.Rank == 1));

        Assert.Contains(graph.Parameters, parameter => parameter is { IsTrainable: true, Shape.Rank: 1 });
        foreach (GraphParameter parameter in graph.Parameters.Where(parameter => parameter.IsTrainable))
        {
            if (parameter.Shape.Rank == 1) Assert.Equal(all[parameter.Name], some[parameter.Name]);
            else Assert.All(some[parameter.Name], value => Assert.True(float.IsNaN(value)));
        }

        Dictionary<string, float[]> Gradients(TrainingPlan plan)
        {
            Seeded random = new(7);
            foreach (ref float value in plan.Input(0)) value = random.NextGaussian();
            plan.Forward(0);
            foreach (ref float value in plan.OutputGradient(0)) value = random.NextGaussian();
            plan.Backward();
            return graph.Parameters.Where(parameter => parameter.IsTrainable).ToDictionary(parameter => parameter.Name, parameter => parameter.ForwardGradient.ToArray(), StringComparer.Ordinal);
        }
    }

    private static void AssertSlopes(ExecutableGraph graph, TrainingPlan plan)
    {
        Seeded random = new(3);
        float[][] weights = [.. Enumerable.Range(0, graph.Outputs.Count).Select(i => Enumerable.Range(0, (int)plan.OutputShape(i).ElementCount).Select(_ => random.NextGaussian()).ToArray())];

        plan.Forward(0);
        for (int i = 0; i < weights.Length; i++) weights[i].CopyTo(plan.OutputGradient(i));
        plan.Backward();
        Dictionary<string, float[]> gradients = graph.Parameters.Where(parameter => parameter.IsTrainable)
            .ToDictionary(parameter => parameter.Name, parameter => parameter.Stored[0].Gradient.ToArray(), StringComparer.Ordinal);

        Assert.NotEmpty(gradients);
        foreach (GraphParameter parameter in graph.Parameters.Where(parameter => parameter.IsTrainable))
        {
            float[] gradient = gradients[parameter.Name];
            double largest = Math.Max(1, gradient.Max(MathF.Abs));
            for (int i = 0; i < gradient.Length; i++)
            {
                float before = parameter.Values[i];
                parameter.Values[i] = before + Step;
                double above = Loss(plan, weights);
                parameter.Values[i] = before - Step;
                double below = Loss(plan, weights);
                parameter.Values[i] = before;
                double slope = (above - below) / (2 * Step);
                Assert.True(
                    Math.Abs(slope - gradient[i]) <= Tolerance * largest,
                    string.Create(CultureInfo.InvariantCulture, $"{parameter.Name}[{i}]: gradient {gradient[i]}, slope {slope}"));
            }
        }
    }

    [Theory]
    [InlineData("U-Net")]
    [InlineData("transformer encoder")]
    public void The_gradient_of_a_network_is_its_slope_in_random_directions(string name)
    {
        ExecutableGraph graph = ExecutableGraph.Create(WholeNetworks.All[name]);
        using KernelThreads threads = new(2);
        TrainingPlan plan = graph.PlanTraining(1, threads);
        Seeded random = new(5);
        float[][] weights = [[.. Enumerable.Range(0, (int)plan.OutputShape(0).ElementCount).Select(_ => random.NextGaussian())]];
        GraphParameter[] parameters = [.. graph.Parameters.Where(parameter => parameter.IsTrainable)];
        Assert.True(parameters.Length > 8);
        foreach (GraphParameter parameter in parameters)
        {
            plan.Forward(0);
            weights[0].CopyTo(plan.OutputGradient(0));
            plan.Backward();
            float[] direction = [.. parameter.Values.Select(_ => random.NextGaussian() / MathF.Sqrt(parameter.Values.Length))];
            double expected = 0;
            double magnitude = 0;
            for (int i = 0; i < direction.Length; i++)
            {
                expected += (double)parameter.Stored[0].Gradient[i] * direction[i];
                magnitude += (double)parameter.Stored[0].Gradient[i] * parameter.Stored[0].Gradient[i];
            }

            float[] before = [.. parameter.Values];
            double above = Moved(SmallStep);
            double below = Moved(-SmallStep);
            before.CopyTo(parameter.Values, 0);
            double slope = (above - below) / (2 * SmallStep);
            double tolerance = 0.03 * Math.Max(0.1, Math.Sqrt(magnitude));
            Assert.True(Math.Abs(slope - expected) <= tolerance, string.Create(CultureInfo.InvariantCulture, $"{parameter.Name}: gradient {expected}, slope {slope}"));

            double Moved(float step)
            {
                for (int i = 0; i < before.Length; i++) parameter.Values[i] = before[i] + (step * direction[i]);
                return Loss(plan, weights);
            }
        }
    }

    [Fact]
    public void A_value_used_several_times_gets_the_sum_of_its_gradients()
    {
        Tersor.Models.Onnx.OnnxGraphBuilder builder = new("reuse");
        string w = builder.AddInitializer(new Tersor.Models.Tensor("w", new Tersor.Models.TensorShape(3), [1, 2, 3]));
        string square = builder.AddNode("Mul", [w, w]);
        string sum = builder.AddNode("Add", [square, w]);
        builder.AddNode("Add", [sum, square], output: "y");
        builder.AddOutput("y", Tersor.Models.ElementType.Float32, new Tersor.Models.Onnx.OnnxDimension(3));
        ExecutableGraph graph = ExecutableGraph.Create(builder.Build());
        using KernelThreads threads = new(1);
        TrainingPlan plan = graph.PlanTraining(1, threads);

        plan.Forward(0);
        plan.OutputGradient(0).Fill(1);
        plan.Backward();

        // y = 2 w^2 + w.
        Assert.Equal([3f, 10f, 21f], plan.Output(0).ToArray());
        Assert.Equal([5f, 9f, 13f], graph.Parameters[0].Stored[0].Gradient);
    }

    private static double Loss(TrainingPlan plan, float[][] weights)
    {
        plan.Forward(0);
        double loss = 0;
        for (int output = 0; output < weights.Length; output++)
        {
            ReadOnlySpan<float> values = plan.Output(output);
            for (int i = 0; i < values.Length; i++) loss += (double)values[i] * weights[output][i];
        }

        return loss;
    }
}
