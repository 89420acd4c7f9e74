using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Tests.Plans;

public class QualityScaleTests
{
    [Theory]
    [InlineData(1 << 19)]
    [InlineData(1 << 21)]
    [InlineData(1 << 24)]
    public void WeightQp_OfLargeTensors_LeavesStepsBelowTheRootMeanSquare(int count)
    {
        float[] values = new float[count];
        Array.Fill(values, 0.05f);

        double step = StepSize.FromQp(QualityScale.WeightQp(values, quality: 50, TensorMethod.Trellis), StepSize.DefaultDensity);

        Assert.InRange(step, 0.05 * 0.5, 0.05);
    }

    [Fact]
    public void WeightQp_OfLargerTensors_IsCoarser()
    {
        float[] small = new float[9216];
        float[] large = new float[9216 * 16];
        Array.Fill(small, 0.05f);
        Array.Fill(large, 0.05f);

        // Sixteen times the weights: four times the step, two octaves of four.
        Assert.Equal(8, QualityScale.WeightQp(large, 50, TensorMethod.Trellis) - QualityScale.WeightQp(small, 50, TensorMethod.Trellis));
    }
}
