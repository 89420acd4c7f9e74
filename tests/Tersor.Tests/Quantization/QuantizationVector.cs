using System.Runtime.InteropServices;
using System.Text.Json;
using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

/// <summary>The records of <c>vectors/nnc/quant/quant.json</c>: what the public reference encoder decided.</summary>
internal sealed record QuantizationVector(string Id, float[] Weights, int[] Levels, double Step, double Lambda, LevelSyntax Syntax)
{
    public static IEnumerable<QuantizationVector> All()
    {
        string folder = SharedAssets.Require("vectors/nnc/quant");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "quant.json")));
        foreach (JsonElement record in document.RootElement.GetProperty("vectors").EnumerateArray())
        {
            int[] levels = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(Path.Combine(folder, record.GetProperty("levels").GetString()!))).ToArray();
            int rows = record.GetProperty("shape")[0].GetInt32();
            yield return new QuantizationVector(
                record.GetProperty("id").GetString()!,
                MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, record.GetProperty("input").GetString()!))).ToArray(),
                levels,
                StepSize.FromQp(record.GetProperty("qp").GetInt32(), record.GetProperty("qp_density").GetInt32()),
                record.GetProperty("lambda_scale").GetDouble(),
                new LevelSyntax
                {
                    Dialect = NncDialect.EditionTwo,
                    RowCount = rows,
                    RowLength = levels.Length / rows,
                    GreaterFlagCount = record.GetProperty("rate_model_num_gtx_flags").GetInt32(),
                    DependentQuantization = record.GetProperty("dq_flag").GetInt32() == 1,
                    ScanOrder = record.GetProperty("scan_order").GetInt32(),
                });
        }
    }
}
