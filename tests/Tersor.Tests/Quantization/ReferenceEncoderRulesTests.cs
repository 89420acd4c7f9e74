using Tersor.EntropyCoding;

namespace Tersor.Tests.Quantization;

public sealed class ReferenceEncoderRulesTests
{
    [SkippableFact]
    public void Oracle_DecidesAsTheReferenceEncoderDid()
    {
        foreach (QuantizationVector vector in QuantizationVector.All().Where(v => v.Lambda > 0))
        {
            LevelSyntax syntax = vector.Syntax;
            float[] coded = Tensors.InCodingOrder(vector.Weights, syntax);
            ReferenceEncoderRules rules = new(syntax.GreaterFlagCount);
            int[] levels = syntax.DependentQuantization
                ? rules.QuantizeDependent(coded, vector.Step, vector.Lambda, odd: true)
                : rules.QuantizeUniform(coded, vector.Step, vector.Lambda);

            Assert.Equal(vector.Levels, Tensors.InRowMajorOrder(levels, syntax));
        }
    }
}
