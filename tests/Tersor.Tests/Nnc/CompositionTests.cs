using Tersor.Models;
using Tersor.Nnc;

namespace Tersor.Tests.Nnc;

public class CompositionTests
{
    [Fact]
    public void Local_scaling_multiplies_each_row()
    {
        float[] weight = [1, 2, 3, 4, 5, 6];
        NncComposition.ScaleRows(weight, [2f, 0.5f]);
        Assert.Equal([2f, 4f, 6f, 2f, 2.5f, 3f], weight);
        Assert.Throws<ArgumentException>(() => NncComposition.ScaleRows(new float[5], [1f, 2f]));
    }

    [Fact]
    public void Factors_are_multiplied()
    {
        float[] product = new float[4];
        NncComposition.Multiply([1, 2, 3, 4], [5, 6, 7, 8], 2, product);
        Assert.Equal([19f, 22f, 43f, 50f], product);
        NncComposition.Multiply([], [], 0, product);
        Assert.Equal([0f, 0f, 0f, 0f], product);
        Assert.Throws<ArgumentException>(() => NncComposition.Multiply([1, 2, 3], [1, 2], 2, product));
        Assert.Throws<ArgumentException>(() => NncComposition.Multiply([1, 2], [1, 2], 1, new float[3]));
    }

    [Fact]
    public void Sums_are_rounded_once_at_the_end()
    {
        float[] product = new float[1];
        NncComposition.Multiply([1e8f, 1f, -1e8f], [1f, 1f, 1f], 3, product);
        Assert.Equal(1f, product[0]);
    }

    [Theory]
    [InlineData(true, 0f)]
    [InlineData(false, 7f)]
    public void Unfolded_batch_norm_changes_nothing_but_may_carry_the_bias(bool layerHasBias, float beta)
    {
        BatchNormTensors tensors = NncComposition.UnfoldBatchNorm([7f, 7f], layerHasBias);
        Assert.Equal([beta, beta], tensors.Beta);
        Assert.Equal([1f, 1f], tensors.Gamma);
        Assert.Equal([0f, 0f], tensors.Mean);
        Assert.Equal([1f, 1f], tensors.Variance);
    }

    [Fact]
    public void A_block_gives_its_weight_scaled_and_hides_the_scaling()
    {
        for (ulong seed = 0; seed < 30; seed++)
        {
            var make = new TensorMaker(seed);
            TensorShape shape = RoundTripTests.Nonempty(make);
            List<LevelTensor> block = RoundTripTests.Block(make, shape);
            NncUnitOptions options = NncUnitOptions.Default with { DecomposedShape = shape };
            using NncReader reader = NncReader.Open(Streams.Write(NncStreamSettings.Default, null, NncUnitEncoder.EncodeBlock(block, NncStreamSettings.Default, options)));

            LevelTensor? Of(NncTensorRole role) => block.SingleOrDefault(tensor => tensor.Role == role);
            float[] expected = Of(NncTensorRole.Weight)?.ToSingles() ?? new float[shape.ElementCount];
            if (Of(NncTensorRole.LeftFactor) is { } left)
            {
                float[] scaled = left.ToSingles();
                if (Of(NncTensorRole.LocalScaling) is { } factors) NncComposition.ScaleRows(scaled, factors.ToSingles());
                NncComposition.Multiply(scaled, Of(NncTensorRole.RightFactor)!.ToSingles(), (int)left.Shape[1], expected);
            }
            else if (Of(NncTensorRole.LocalScaling) is { } factors)
            {
                NncComposition.ScaleRows(expected, factors.ToSingles());
            }

            Assert.Equal(shape, reader.FindComposed("w")!.Shape);
            Assert.Equal(expected, reader.DecodeSingles("w"));
            Assert.DoesNotContain(reader.ComposedTensors, tensor => tensor.Name is "w_scaling" or "w_G" or "w_H");
            foreach (LevelTensor other in block.Where(tensor => tensor.Role is NncTensorRole.Bias or NncTensorRole.BatchNormBeta or NncTensorRole.BatchNormVariance))
                Assert.Equal(other.ToSingles(), reader.DecodeSingles(other.Name));
        }
    }

    [SkippableTheory]
    [InlineData("e1-08-block-bnf")]
    [InlineData("e1-10-block-lsa")]
    [InlineData("e1-13-block-decomposed")]
    [InlineData("e2-09-block-bnf")]
    public void Blocks_of_the_reference_compose(string name)
    {
        NncVector vector = NncVectors.Load(name)[0];
        using NncReader reader = NncReader.Open(vector.Stream);
        foreach (NncComposedTensor composed in reader.ComposedTensors)
        {
            float[] values = reader.DecodeSingles(composed.Name);
            Assert.Equal(composed.Shape.ElementCount, values.Length);
            if (composed.AsCoded is not null) continue;
            float[] weight = reader.DecodeLevels(composed.Parts[0]).ToSingles();
            if (composed.Parts[0].Role == NncTensorRole.Weight)
            {
                float[] scaling = reader.DecodeLevels(composed.Parts[1]).ToSingles();
                int columns = weight.Length / scaling.Length;
                Assert.Equal(weight.Select((value, i) => value * scaling[i / columns]), values);
            }
            else
            {
                Assert.Equal(("d.weight", new TensorShape(12, 20)), (composed.Name, composed.Shape));
                float[] right = reader.DecodeLevels(composed.Parts[1]).ToSingles();
                Assert.Equal((float)Enumerable.Range(0, 3).Sum(k => (double)weight[(5 * 3) + k] * right[(k * 20) + 9]), values[(5 * 20) + 9]);
            }
        }
    }

    [Fact]
    public void A_composed_name_that_another_tensor_has_is_refused()
    {
        var make = new TensorMaker(1);
        var full = new TensorShape(4, 4);
        NncUnitOptions options = NncUnitOptions.Default with { DecomposedShape = full };
        LevelTensor[] tensors =
        [
            make.Tensor("w_G", new TensorShape(4, 2), LevelRule.Uniform(0, dependent: false), NncTensorRole.LeftFactor),
            make.Tensor("w_H", new TensorShape(2, 4), LevelRule.Uniform(0, dependent: false), NncTensorRole.RightFactor),
            make.Tensor("w", full, LevelRule.Uniform(0, dependent: false)),
        ];
        byte[] stream = Streams.Write(NncStreamSettings.Default, null, tensors.Select(tensor => NncUnitEncoder.Encode(tensor, NncStreamSettings.Default, options)));
        Assert.Throws<ModelFormatException>(() => NncReader.Open(stream));
    }

    [Fact]
    public void A_factor_without_its_partner_stands_for_itself()
    {
        LevelTensor left = new TensorMaker(1).Tensor("w_G", new TensorShape(4, 2), LevelRule.Uniform(0, dependent: false), NncTensorRole.LeftFactor);
        NncUnitOptions options = NncUnitOptions.Default with { DecomposedShape = new TensorShape(4, 4) };
        using NncReader reader = NncReader.Open(Streams.Write(NncStreamSettings.Default, null, NncUnitEncoder.Encode(left, NncStreamSettings.Default, options)));
        Assert.Equal(left.ToSingles(), reader.DecodeSingles("w_G"));
    }

    [Fact]
    public void Factors_that_do_not_make_the_weight_stand_for_themselves()
    {
        TensorMaker make = new(1);
        LevelTensor[] factors =
        [
            make.Tensor("w_G", new TensorShape(4, 2), LevelRule.Uniform(0, dependent: false), NncTensorRole.LeftFactor),
            make.Tensor("w_H", new TensorShape(2, 2), LevelRule.Uniform(0, dependent: false), NncTensorRole.RightFactor),
        ];
        NncUnitOptions options = NncUnitOptions.Default with { DecomposedShape = new TensorShape(4, 4) };
        using NncReader reader = NncReader.Open(Streams.Write(NncStreamSettings.Default, null, factors.Select(factor => NncUnitEncoder.Encode(factor, NncStreamSettings.Default, options))));

        Assert.Equal(["w_G", "w_H"], reader.ComposedTensors.Select(tensor => tensor.Name));
        foreach (LevelTensor factor in factors) Assert.Equal(factor.ToSingles(), reader.DecodeSingles(factor.Name));
    }
}
