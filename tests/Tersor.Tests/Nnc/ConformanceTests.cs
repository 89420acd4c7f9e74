using System.Runtime.InteropServices;
using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Nnc;

namespace Tersor.Tests.Nnc;

public class ConformanceTests
{
    public static TheoryData<string> VectorNames => [.. NncVectors.Names.DefaultIfEmpty("absent")];

    [SkippableTheory]
    [MemberData(nameof(VectorNames))]
    public void Every_tensor_of_a_vector_decodes_to_the_reference_bits(string name)
    {
        var sequence = new NncSequenceDecoder();
        foreach (NncVector vector in NncVectors.Load(name))
        {
            using NncReader reader = NncReader.Open(vector.Stream);
            Assert.Empty(reader.Unsupported);
            IReadOnlyList<LevelTensor> decoded = sequence.Decode(reader);
            Assert.Equal(vector.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal), decoded.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
            foreach (NncVectorTensor expected in vector.Tensors)
            {
                LevelTensor tensor = decoded.Single(tensor => tensor.Name == expected.Name);
                Assert.Equal(expected.Shape, tensor.Shape);
                Assert.Equal(expected.IsInteger, tensor.Rule.Kind == LevelKind.Integer);
                Assert.Equal(expected.Bytes, expected.IsInteger ? MemoryMarshal.AsBytes(tensor.Levels.AsSpan()).ToArray() : MemoryMarshal.AsBytes(tensor.ToSingles().AsSpan()).ToArray());
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(VectorNames))]
    public void A_single_tensor_decodes_by_name_into_memory_of_the_caller(string name)
    {
        IReadOnlyList<NncVector> streams = NncVectors.Load(name);
        Skip.If(streams.Count > 1, "a sequence decodes in order");
        using NncReader reader = NncReader.Open(streams[0].Stream);
        foreach (NncVectorTensor expected in streams[0].Tensors)
        {
            NncTensorInfo info = reader.Find(expected.Name)!;
            if (expected.IsInteger)
            {
                int[] integers = new int[expected.Shape.ElementCount];
                reader.DecodeIntegers(info, integers);
                Assert.Equal(expected.Bytes, MemoryMarshal.AsBytes(integers.AsSpan()).ToArray());
                continue;
            }

            float[] values = new float[expected.Shape.ElementCount];
            reader.Decode(info, values);
            Assert.Equal(expected.Bytes, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        }
    }

    [SkippableTheory]
    [MemberData(nameof(VectorNames))]
    public void The_dialect_is_found_from_the_data(string name)
    {
        NncVector vector = NncVectors.Load(name)[0];
        using NncReader reader = NncReader.Open(vector.Stream);
        NncDialect expected = name.StartsWith("e1-", StringComparison.Ordinal) ? NncDialect.EditionOne
            : name.StartsWith("e2-14", StringComparison.Ordinal) ? NncDialect.EditionOneLate : NncDialect.EditionTwo;
        Assert.Equal(expected, reader.Dialect);
    }

    [SkippableFact]
    public void Units_add_up_to_the_stream()
    {
        SharedAssets.Require("vectors/nnc");
        foreach (NncVector vector in NncVectors.Single())
        {
            using NncReader reader = NncReader.Open(vector.Stream);
            Assert.Equal(vector.Stream.Length, reader.Units.Sum(unit => (long)unit.ByteCount));
            Assert.Equal(TopologyFormat.None, reader.ReadTopology().Format is TopologyFormat.PyTorch ? TopologyFormat.None : reader.TopologyFormat);
        }
    }
}
