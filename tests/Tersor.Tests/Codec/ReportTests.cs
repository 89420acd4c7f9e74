using Tersor.Codec;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;

namespace Tersor.Tests.Codec;

/// <summary>The report accounts for every byte of the file, and for what became of every tensor.</summary>
public class ReportTests
{
    [Fact]
    public void Every_byte_is_accounted_for_and_every_tensor_listed_in_order()
    {
        Model model = CodecRun.Mixed();
        foreach (TensorMethod method in CodecRun.Methods)
        {
            foreach (TopologyCarriage topology in Enum.GetValues<TopologyCarriage>())
            {
                CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, method, topology: topology));
                AssertEveryByteIsCounted(run);
                Assert.Equal(
                    model.Tensors.Select(tensor => (tensor.Name, tensor.ByteLength, tensor.ElementType)),
                    run.Report.Tensors.Select(tensor => (tensor.Name, tensor.SourceBytes, tensor.ElementType)));
            }
        }
    }

    [Fact]
    public void A_tensor_inside_the_topology_has_no_bytes_of_its_own()
    {
        using Model model = OnnxModel.Open(Path.Combine(SharedAssets.RepositoryRoot, "samples", "lenet5.onnx"));
        CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Topology));

        Assert.All(run.Report.Tensors, tensor => Assert.Equal((TensorMethod.Topology, 0L, 0.0), (tensor.Method, tensor.Bytes, tensor.BitsPerElement)));
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);
        Assert.Empty(compressed.Tensors);
        using MemoryStream onnx = new();
        compressed.WriteOnnx(onnx);
        Assert.Equal(File.ReadAllBytes(model.Source), onnx.ToArray());
    }

    [Theory]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.BFloat16)]
    public void Errors_are_those_of_the_narrow_numbers_that_come_back(ElementType type)
    {
        float[] values = [.. CodecRun.Gaussian(600, 1, 7).Select(value => ConvertedSource.Round(value, type))];
        byte[] bytes = new byte[1200];
        new ConvertedSource(new Tensor("t", new TensorShape(600), values).Data, type).Read(0, bytes);
        Model model = CodecRun.Model(new Tensor("t", type, new TensorShape(20, 30), ByteSource.FromMemory(bytes)));
        foreach (TensorMethod method in (TensorMethod[])[TensorMethod.Uniform, TensorMethod.Trellis, TensorMethod.Codebook, TensorMethod.ErrorBounded])
        {
            CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, method, qp: -32));
            using CompressedModel compressed = CompressedModel.Open(run.Bytes);
            float[] back = compressed.ToModel().Tensors[0].ReadSingles();

            Assert.Equal(values.Zip(back, (before, after) => Math.Abs((double)before - after)).Max(), run.Report.Tensors[0].MaxAbsError, 1e-7);
        }
    }

    internal static void AssertEveryByteIsCounted(CodecRun run)
    {
        CompressionReport report = run.Report;
        Assert.Equal(run.Bytes.Length, report.TotalBytes);
        Assert.Equal(report.TotalBytes, report.HeaderBytes + report.TopologyBytes + report.TableBytes + report.Tensors.Sum(tensor => tensor.Bytes));
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);
        foreach (TensorReport tensor in report.Tensors.Where(tensor => tensor.Bytes > 0))
            Assert.Equal(compressed.Reader.Units[compressed.Find(tensor.Name)!.Parts[0].UnitNumber].ByteCount, tensor.Bytes);
    }
}
