using Tersor.Models;
using Tersor.Nnc;
using Tersor.Quantization;

namespace Tersor.Tests.Nnc;

public class LevelRuleTests
{
    [Fact]
    public void The_vector_loop_gives_the_bits_of_the_scalar_one_at_every_length()
    {
        Seeded random = new(11);
        foreach (int qp in new[] { -128, -38, -7, 0, 127 })
        {
            for (int length = 0; length < 130; length++)
            {
                int[] levels = [.. Enumerable.Range(0, length).Select(_ => (int)((long)random.NextUInt64() >> (32 + random.NextInt(32))))];
                float[] expected = new float[length], actual = new float[length];
                LevelRule rule = LevelRule.Uniform(qp, dependent: false);
                UniformQuantizer.DequantizeScalar(levels, (float)rule.Step, expected);
                rule.Reconstruct(levels, actual);
                Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits), actual.Select(BitConverter.SingleToUInt32Bits));
            }
        }
    }

    [Theory]
    [InlineData(-38, 2, 0.00146484375)]
    [InlineData(0, 2, 1)]
    [InlineData(4, 2, 2)]
    [InlineData(-1, 0, 0.5)]
    [InlineData(5, 3, 1.625)]
    public void The_step_size_is_that_of_the_text(int qp, int density, double step) => Assert.Equal(step, LevelRule.Uniform(qp, dependent: false, density).Step);

    [Fact]
    public void Levels_beyond_24_bits_are_rounded_before_they_are_multiplied()
    {
        float[] values = new float[1];
        LevelRule.Uniform(1, dependent: false).Reconstruct([16_777_217], values);
        Assert.Equal(1.25f * 16_777_216f, values[0]);
        LevelRule.Integer.Reconstruct([int.MaxValue], values);
        Assert.Equal(2_147_483_648f, values[0]);
    }

    [Fact]
    public void Codebook_entries_are_multiplied_exactly_and_rounded_once()
    {
        float[] values = new float[3];
        LevelRule.FromCodebook(new NncCodebook([-16_777_217, 0, 16_777_217], 1), 1).Reconstruct([-1, 0, 1], values);
        Assert.Equal([(float)(-16_777_217 * 1.25), 0f, (float)(16_777_217 * 1.25)], values);
    }

    [Fact]
    public void Rules_and_tensors_that_contradict_themselves_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => LevelRule.Uniform(4000, dependent: false, density: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => LevelRule.Uniform(0, dependent: false, density: 8));
        Assert.Throws<ArgumentException>(() => new NncCodebook([], 0));
        Assert.Throws<ArgumentException>(() => new NncCodebook([1, 1], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NncCodebook([1, 2], 2));
        LevelRule codebook = LevelRule.FromCodebook(new NncCodebook([0, 5], 0), 0);
        Assert.Throws<ArgumentException>(() => new LevelTensor("t", new TensorShape(2), [0, -1], codebook));
        Assert.Throws<ArgumentException>(() => new LevelTensor("t", new TensorShape(2), [0, 2], codebook));
        Assert.Throws<ArgumentException>(() => new LevelTensor("t", new TensorShape(3), [0, 1], LevelRule.Integer));
        Assert.Throws<ArgumentException>(() => new LevelTensor("t", new TensorShape(2), [0, 1], LevelRule.Raw));
        Assert.Throws<ArgumentException>(() => new LevelTensor("t", new TensorShape(2), new byte[9]));
        Assert.Throws<ArgumentException>(() => new LevelTensor("t", new TensorShape(2), [0, 1], LevelRule.Integer).Reconstruct(new float[3]));
    }
}
