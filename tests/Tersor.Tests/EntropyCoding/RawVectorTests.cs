using System.Text.Json;
using Tersor.EntropyCoding;

namespace Tersor.Tests.EntropyCoding;

public class RawVectorTests
{
    [SkippableFact]
    public void Decode_EveryPayloadOfTheReference_GivesItsLevels()
    {
        List<RawVector> vectors = RawVector.Load();
        Assert.True(vectors.Count >= 40);
        foreach (RawVector vector in vectors) Assert.Equal(vector.Tensor.Levels, vector.Tensor.Decode(vector.Payload));
    }

    [SkippableFact]
    public void Encode_WithoutSearch_GivesTheBytesOfTheReference()
    {
        foreach (RawVector vector in RawVector.Load().Where(vector => !vector.Options.SearchesInitialization))
        {
            Assert.Equal(Convert.ToHexString(vector.Payload), Convert.ToHexString(vector.Tensor.Encode(vector.Options)));
        }
    }

    [SkippableFact]
    public void Encode_WithOwnChoices_IsNeverLargerThanTheReference()
    {
        foreach (RawVector vector in RawVector.Load())
        {
            // In blocks the quantizer's path depends on row skipping, so the vector's choice has to stay.
            LevelSyntax syntax = vector.Tensor.Syntax;
            bool fixedRows = syntax.DependentQuantization && syntax.BlockSize > 0 && syntax.RowLength % 4 != 0;
            LevelEncoderOptions options = LevelEncoderOptions.Default with { RowSkipping = fixedRows ? vector.Options.RowSkipping : RowSkipping.WherePaying };
            byte[] own = vector.Tensor.Encode(options);
            Assert.Equal(vector.Tensor.Levels, vector.Tensor.Decode(own));
            Assert.True(own.Length <= vector.Payload.Length, $"{vector.Id}: {own.Length} bytes against {vector.Payload.Length}.");
        }
    }

    [SkippableFact]
    public void EntryPoints_OfEveryBlockScannedPayload_AreThoseOfTheReference()
    {
        foreach (RawVector vector in RawVector.Load().Where(vector => vector.Tensor.Syntax.ScanOrder > 0))
        {
            var text = new TextDecoder(vector.Payload);
            Assert.Equal(vector.Tensor.Levels, text.Tensor(vector.Tensor.Syntax, vector.Tensor.BaseLevels, vector.Tensor.History));
            Assert.True(text.Finish());
            Assert.Equal(vector.EntryPoints.Select(Comparable), text.EntryPoints.Select(Comparable));
        }

        static string Comparable(EntryPoint point) => point.ToString();
    }

    [SkippableFact]
    public void Decode_ResearchCodec_GivesItsTensors()
    {
        using JsonDocument document = RawVector.Open();
        int count = 0;
        foreach (JsonElement vector in document.RootElement.GetProperty("vectors").EnumerateArray())
        {
            if (RawVector.Text(vector, "dialect") != "R") continue;
            var text = new TextDecoder(Convert.FromHexString(RawVector.Text(vector, "payload_hex")));
            foreach (JsonElement tensor in vector.GetProperty("tensors").EnumerateArray())
            {
                (uint stepBits, int[] shape, int[] levels) = text.ResearchTensor();
                Assert.Equal(tensor.GetProperty("step_bits").GetUInt32(), stepBits);
                Assert.Equal(RawVector.Numbers(tensor, "shape"), shape);
                Assert.Equal(RawVector.Numbers(tensor, "levels"), levels);
                count++;
            }

            Assert.True(text.Finish());
        }

        Assert.Equal(4, count);
    }
}
