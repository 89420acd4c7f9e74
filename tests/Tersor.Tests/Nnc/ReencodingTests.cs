using System.Globalization;
using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Nnc;

namespace Tersor.Tests.Nnc;

public class ReencodingTests
{
    public static TheoryData<string> VectorNames => ConformanceTests.VectorNames;

    [SkippableTheory]
    [MemberData(nameof(VectorNames))]
    public void Levels_and_settings_of_a_vector_give_a_stream_that_is_not_larger_and_decodes_to_the_same_tensors(string name)
    {
        var theirs = new NncSequenceDecoder();
        var ours = new NncSequenceDecoder();
        var parents = new Dictionary<string, ParentLevels>(StringComparer.Ordinal);
        foreach (NncVector vector in NncVectors.Load(name))
        {
            using NncReader reader = NncReader.Open(vector.Stream);
            IReadOnlyList<LevelTensor> expected = theirs.Decode(reader);
            byte[] stream = Reencode(reader, expected, parents);
            using NncReader again = NncReader.Open(stream);
            IReadOnlyList<LevelTensor> actual = ours.Decode(again);

            Assert.Equal(expected.Count, actual.Count);
            foreach ((LevelTensor one, LevelTensor other) in expected.Zip(actual))
            {
                Assert.Equal((one.Name, one.Shape, one.Role), (other.Name, other.Shape, other.Role));
                Assert.Equal(one.Levels, other.Levels);
                Assert.True(one.ToSingles().AsSpan().SequenceEqual(other.ToSingles()));
                KeepAsParent(parents, one);
            }

            Assert.Equal(reader.Dialect, again.Dialect);
            Assert.True(
                stream.Length <= vector.Stream.Length,
                string.Create(CultureInfo.InvariantCulture, $"{name}: {stream.Length} bytes, the vector has {vector.Stream.Length}"));
        }
    }

    [SkippableFact]
    public void Our_own_choices_make_the_vectors_smaller_by_half_a_percent_at_least()
    {
        SharedAssets.Require("vectors/nnc");
        long theirs = 0;
        long ours = 0;
        foreach (NncVector vector in NncVectors.Single())
        {
            using NncReader reader = NncReader.Open(vector.Stream);
            byte[] stream = Reencode(reader, new NncSequenceDecoder().Decode(reader), [], searches: true);
            using NncReader again = NncReader.Open(stream);
            foreach (NncTensorInfo tensor in reader.Tensors) RoundTripTests.AssertEqual(reader.DecodeLevels(tensor), again.DecodeLevels(again.Find(tensor.Name)!));
            theirs += vector.Stream.Length;
            ours += stream.Length;
        }

        Assert.True(ours < 0.995 * theirs, string.Create(CultureInfo.InvariantCulture, $"{ours} bytes, the vectors have {theirs}"));
    }

    private static byte[] Reencode(NncReader reader, IReadOnlyList<LevelTensor> tensors, Dictionary<string, ParentLevels> parents, bool searches = false)
    {
        using var output = new MemoryStream();
        var settings = new NncStreamSettings
        {
            Dialect = reader.Dialect,
            Density = reader.Quantization!.Value.Density,
            BaseQp = reader.Quantization.Value.BaseQp,
            IsUpdate = reader.IsUpdate,
        };
        var writer = new NncWriter(output, settings);
        if (reader.Units.Any(unit => unit.Type == NncUnitType.Topology)) writer.WriteTopology(reader.ReadTopology());
        foreach (CompressedDataUnit unit in reader.Data)
        {
            LevelTensor[] parts = [.. unit.Tensors.Select(info => tensors.Single(tensor => tensor.Name == info.Name))];
            NncUnitUpdate? update = unit.Header.Parent is not { } parent ? null : new NncUnitUpdate
            {
                Depth = unit.Header.Node!.Value.Depth,
                TemporalContexts = parent.TemporalContexts,
                Parents = parent.TemporalContexts ? [.. parts.Select(part => parents[part.Name])] : [],
            };

            // The levels of a block scan with dependent quantization are those of one way of treating rows of zeros.
            RowSkipping skipping = unit.Header is { ScanOrder: > 0, DependentQuantization: true } ? RowSkipping.On : RowSkipping.WherePaying;
            var options = new NncUnitOptions
            {
                GreaterFlagCount = unit.Header.GreaterFlagCount,
                ScanOrder = unit.Header.ScanOrder,
                ParameterId = unit.Header.Node?.Parameter,
                Coding = LevelEncoderOptions.Default with { RowSkipping = skipping },
                DataFormat = unit.Header.DataFormat is null ? null : unit.Tensors[0].ElementType,
                DecomposedShape = unit.Header.IsDecomposed ? new TensorShape([.. unit.Header.Dimensions]) : null,
                Update = update,
            };
            if (searches && unit.Header.PayloadType is NncPayloadType.Float or NncPayloadType.Integer) options = Search(parts[0], options, settings.Dialect);
            writer.Write(unit.Header.PayloadType == NncPayloadType.Block
                ? NncUnitEncoder.EncodeBlock(parts, settings, options)
                : NncUnitEncoder.Encode(parts[0], settings, options));
        }

        Assert.Equal(output.Length, writer.ByteCount);
        return output.ToArray();
    }

    private static NncUnitOptions Search(LevelTensor tensor, NncUnitOptions options, NncDialect dialect)
    {
        (int rows, int columns) = MatrixView.Of(tensor.Shape);
        var syntax = new LevelSyntax
        {
            Dialect = dialect,
            RowCount = rows,
            RowLength = columns,
            GreaterFlagCount = options.GreaterFlagCount,
            ScanOrder = options.ScanOrder,
            DependentQuantization = tensor.Rule.DependentQuantization,
            CodebookSize = tensor.Rule.Codebook?.Size ?? 0,
            CodebookZero = tensor.Rule.Codebook?.ZeroIndex ?? 0,
        };
        var freedom = new LevelSyntaxFreedom { GreaterFlagCount = true, LargestScanOrder = tensor.Shape.Rank > 1 ? 4 : 0, RowSkipping = options.Coding.RowSkipping };
        LevelSyntaxChoice choice = LevelSyntaxSearch.Choose(syntax, freedom, [], [], tensor.Levels);
        return options with
        {
            GreaterFlagCount = choice.Syntax.GreaterFlagCount,
            ScanOrder = choice.Syntax.ScanOrder,
            Coding = options.Coding with { RowSkipping = choice.RowSkipping },
        };
    }

    private static void KeepAsParent(Dictionary<string, ParentLevels> parents, LevelTensor tensor)
    {
        byte[] history = parents.TryGetValue(tensor.Name, out ParentLevels? before) ? [.. before.History] : new byte[tensor.Levels.Length];
        for (int i = 0; i < history.Length; i++) history[i] |= tensor.Levels[i] == 0 ? (byte)0 : (byte)1;
        parents[tensor.Name] = new ParentLevels([.. tensor.Levels], history);
    }
}
