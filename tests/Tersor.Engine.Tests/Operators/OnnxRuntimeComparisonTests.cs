using System.Globalization;
using System.Runtime.InteropServices;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Operators;

/// <summary>
/// Every operator case, and whole networks, against ONNX Runtime, live: needs node, and the folder that holds <c>node_modules/onnxruntime-node</c> in <c>TERSOR_ONNXRUNTIME</c>.
/// </summary>
public class OnnxRuntimeComparisonTests
{
    private const double LargestRelativeDifference = 2e-5;

    [SkippableFact]
    public void Operators_and_networks_give_what_ONNX_Runtime_gives()
    {
        string modules = OnnxRuntime.RequireModules();
        Dictionary<string, OnnxGraph> cases = OperatorCases.Differentiable.Concat(OperatorCases.ForwardOnly)
            .Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Graph())).Concat(WholeNetworks.All).ToDictionary(StringComparer.Ordinal);
        using TemporaryFolder folder = new();
        string[] names = [.. cases.Keys];
        for (int i = 0; i < names.Length; i++) cases[names[i]].Save(folder[$"{i}.onnx"]);
        OnnxRuntime.Run("run-all.mjs", modules, Path.GetDirectoryName(folder["x"])!, names.Length.ToString(CultureInfo.InvariantCulture));

        List<string> problems = [];
        using KernelThreads threads = new(2);
        for (int i = 0; i < names.Length; i++)
        {
            string refusal = folder[$"{i}.error"];
            if (File.Exists(refusal))
            {
                problems.Add($"{names[i]}: ONNX Runtime says {File.ReadAllText(refusal)}");
                continue;
            }

            ExecutableGraph graph = ExecutableGraph.Create(cases[names[i]]);
            InferencePlan plan = graph.PlanInference(1, threads);
            plan.Run();
            for (int output = 0; output < graph.Outputs.Count; output++) Compare(plan, output, names[i], folder[$"{i}.{output}"], problems);
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    private static void Compare(InferencePlan plan, int output, string name, string path, List<string> problems)
    {
        string shape = File.ReadAllText(path + ".shape");
        string ours = string.Join('x', plan.OutputShape(output).Dimensions.ToArray());
        if (shape != ours)
        {
            problems.Add($"{name}: shape {ours}, ONNX Runtime {shape}");
            return;
        }

        double[] expected = MemoryMarshal.Cast<byte, double>(File.ReadAllBytes(path)).ToArray();
        double[] actual = plan.OutputType(output) == ElementType.Float32
            ? Array.ConvertAll(plan.Output(output).ToArray(), value => (double)value)
            : Array.ConvertAll(plan.IntegerOutput(output).ToArray(), value => (double)value);
        double largest = Math.Max(1e-6, expected.Length == 0 ? 0 : expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
        {
            if (Math.Abs(expected[i] - actual[i]) <= LargestRelativeDifference * largest) continue;
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: element {i} is {actual[i]}, ONNX Runtime {expected[i]}"));
            return;
        }
    }
}
