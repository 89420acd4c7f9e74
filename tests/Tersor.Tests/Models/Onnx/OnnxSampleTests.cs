using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Tests.Models.Onnx;

/// <summary>Real models: taken apart and joined again, they are the same files.</summary>
public class OnnxSampleTests
{
    private static string LeNet5 => TestAssets.Path("../../samples/lenet5.onnx");

    [Fact]
    public void Open_LeNet5_FindsItsWeightsByName()
    {
        using OnnxModel model = OnnxModel.Open(LeNet5);

        Assert.Equal(431_080, model.Tensors.Sum(tensor => tensor.ElementCount));
        Assert.All(model.Tensors, tensor => Assert.Equal(ElementType.Float32, tensor.ElementType));
        Assert.Equal("input", model.Summary.Inputs[0].Name);
        Assert.Equal("logits", model.Summary.Outputs[0].Name);
        Assert.Equal(13, Assert.Single(model.Summary.OperatorSets).Version);
        Assert.Equal(2, model.Summary.Operators["Conv"]);
    }

    [Fact]
    public void MakeTopology_LeNet5_IsSmallAndRefillsToTheSameBytes()
    {
        using OnnxModel model = OnnxModel.Open(LeNet5);

        Topology topology = model.MakeTopology(model.CanDetach);

        Assert.Equal(TopologyFormat.Onnx, topology.Format);
        Assert.InRange(topology.Bytes.Length, 1, 2000);
        using OnnxModel joined = OnnxModel.FromTopology(topology.Bytes, model.Find, "lenet5");
        Assert.Equal(File.ReadAllBytes(LeNet5), OnnxWriter.ToArray(joined));
    }

    [SkippableFact]
    public void MakeTopology_EverySharedModel_RefillsToTheSameBytes()
    {
        foreach (string path in Directory.GetFiles(SharedAssets.Require("models"), "*.onnx"))
        {
            using OnnxModel model = OnnxModel.Open(path);
            Assert.All(model.Tensors, tensor => Assert.True(model.CanDetach(tensor)));

            Topology topology = model.MakeTopology(_ => true);

            long weights = model.Tensors.Sum(tensor => tensor.ByteLength);
            Assert.InRange(topology.Bytes.Length, 1, new FileInfo(path).Length - weights);
            using OnnxModel joined = OnnxModel.FromTopology(topology.Bytes, model.Find, path);
            Assert.Equal(model.Tensors.Select(tensor => tensor.Name), joined.Tensors.Select(tensor => tensor.Name));
            Assert.Equal(File.ReadAllBytes(path), OnnxWriter.ToArray(joined));
        }
    }
}
