using Tersor.Compression.Budgets;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Compression.Tests.Budgets;

public class PlanSpaceTests
{
    [Fact]
    public void Groups_AreTheWeightsOneByOne_AndTheVectorsTogether()
    {
        using Model model = new("memory", "memory", [Of("w1", 3, 4), Of("b1", 40), Of("w2", 5, 3), Of("b2", 50), Of("exact", 2)]);
        PlanSpace space = PlanSpace.Of(new QualityLine(model, new PlanOptions(), threads: 1), model);

        Assert.Equal(["b1 b2"], space.Groups.Select(names => string.Join(' ', names)).Where(names => names[0] == 'b'));
        Assert.DoesNotContain(space.Groups, names => names.Contains("exact"));
    }

    [Fact]
    public void Plans_TakeEachGroupFromItsPlaceOnTheLine()
    {
        PlanSpace space = SyntheticTrials.Space;
        Assert.Equal([3, 20, 7], space.At([new GroupSetting(3), new GroupSetting(20), new GroupSetting(7)]).Tensors.Select(tensor => tensor.Qp));
        Assert.Equal(space.At(5).ToJson(), space.At([new GroupSetting(5), new GroupSetting(5), new GroupSetting(5)]).ToJson());
        Assert.Equal([("b", 9)], space.Alone(1, new GroupSetting(9)).Tensors.Select(tensor => (tensor.Name, tensor.Qp)));
        Assert.Equal(["a", "b c"], space.Joined(2).Groups.Select(names => string.Join(' ', names)));
        Assert.Same(space, space.Joined(3));
    }

    [Fact]
    public void WeightOfTheBits_IsMultiplied_UnlessSomebodyChoseIt()
    {
        using Model model = new("memory", "memory", [Of("w1", 30, 40), Of("w2", 50, 30)]);
        QualityLine line = new(model, new PlanOptions(), threads: 1);
        PlanSpace space = PlanSpace.Of(line, model);

        Assert.True(space.VariesLambda);
        Assert.Equal([0.5, 1], space.At([new GroupSetting(40, 0.5), new GroupSetting(40)]).Tensors.Select(tensor => tensor.Lambda));
        Assert.False(PlanSpace.Of(line, model, fixesLambda: true).VariesLambda);
        Assert.False(SyntheticTrials.Space.VariesLambda);
    }

    [Theory]
    [InlineData(ErrorBoundMode.Absolute, 1e-2)]
    [InlineData(ErrorBoundMode.Relative, 0.5)]
    [InlineData(ErrorBoundMode.Pointwise, 0.25)]
    public void ErrorBounds_GrowToTheOneThatIsPromised(ErrorBoundMode mode, double widest)
    {
        using Model model = new("memory", "memory", [Of("w1", 30, 40), Of("b1", 40), Of("tiny", 2)]);
        ErrorBoundLine line = new(PlanBuilder.Build(model, new PlanOptions { ErrorBound = new ErrorBound(mode, widest) }));

        double[] bounds = [.. Enumerable.Range(0, line.Count).Select(place => line.At(place).Tensors[0].ErrorBound!.Value)];
        Assert.Equal(widest, bounds[^1]);
        Assert.All(bounds.Zip(bounds.Skip(1)), pair => Assert.Equal(Math.Pow(2, 1.0 / line.PlacesPerOctave), pair.Second / pair.First, 1e-9));
        Assert.Equal(["w1", "b1"], PlanSpace.Of(line, model).Groups.SelectMany(names => names));
    }

    private static Tensor Of(string name, params long[] shape)
    {
        TensorShape dimensions = new(shape);
        float[] values = new float[dimensions.ElementCount];
        Tersor.Tests.Seeded random = new((ulong)name.Length);
        for (int i = 0; i < values.Length; i++) values[i] = random.NextGaussian();
        return new Tensor(name, dimensions, values);
    }
}
