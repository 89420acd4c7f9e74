using System.Diagnostics;
using Tersor.Tests;

namespace Tersor.Engine.Tests;

/// <summary>ONNX Runtime beside the tests: needs node, and the folder that holds <c>node_modules/onnxruntime-node</c> in <c>TERSOR_ONNXRUNTIME</c>.</summary>
internal static class OnnxRuntime
{
    /// <summary>The folder; the test skips where none is named.</summary>
    public static string RequireModules()
    {
        string? modules = Environment.GetEnvironmentVariable("TERSOR_ONNXRUNTIME");
        Skip.If(modules is null, "TERSOR_ONNXRUNTIME does not name the folder of the onnxruntime-node package");
        return modules!;
    }

    /// <summary>Runs a script of <c>tests/assets/engine</c> to its end.</summary>
    public static void Run(string script, params string[] arguments)
    {
        ProcessStartInfo start = new("node") { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(TestAssets.Path("engine/" + script));
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process node = Process.Start(start)!;
        Task<string> output = node.StandardOutput.ReadToEndAsync();
        string errors = node.StandardError.ReadToEnd();
        node.WaitForExit();
        Assert.True(node.ExitCode == 0, errors + output.Result);
    }
}
