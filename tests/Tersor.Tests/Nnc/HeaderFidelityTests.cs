using Tersor.EntropyCoding;
using Tersor.Nnc;
using Tersor.Nnc.Syntax;
using Tersor.Tests.EntropyCoding;

namespace Tersor.Tests.Nnc;

/// <summary>Headers that are read and written back must be the reference's, flag by flag: its decoders are the judges of what we write.</summary>
public class HeaderFidelityTests
{
    public static TheoryData<string> VectorNames => ConformanceTests.VectorNames;

    [SkippableTheory]
    [MemberData(nameof(VectorNames))]
    public void The_header_of_every_unit_is_written_as_the_reference_wrote_it(string name)
    {
        foreach (NncVector vector in NncVectors.Load(name))
        {
            using NncReader reader = NncReader.Open(vector.Stream);
            foreach (CompressedDataUnit unit in reader.Data)
            {
                var body = new BitWriter();
                unit.Header.Write(body, reader.Profile, reader.IsUpdate, EntryPointsOf(unit, vector.Stream, reader.Dialect));
                var whole = new BitWriter();
                UnitHeader.Write(whole, NncUnitType.CompressedData, body.ToSpan().Length + unit.PayloadBytes);
                whole.WriteBytes(body.ToSpan());
                int length = (int)(unit.PayloadOffset - unit.Info.Offset);
                Assert.Equal(Convert.ToHexString(vector.Stream.AsSpan((int)unit.Info.Offset, length)), Convert.ToHexString(whole.ToSpan()));
            }
        }
    }

    [SkippableFact]
    public void Start_parameter_set_and_topology_are_written_as_the_reference_wrote_them()
    {
        SharedAssets.Require("vectors/nnc");
        foreach (NncVector vector in NncVectors.Names.SelectMany(NncVectors.Load))
        {
            using NncReader reader = NncReader.Open(vector.Stream);
            using var output = new MemoryStream();
            (int density, int baseQp) = reader.Quantization!.Value;
            var writer = new NncWriter(output, new NncStreamSettings { Dialect = reader.Dialect, Density = density, BaseQp = baseQp, IsUpdate = reader.IsUpdate });
            if (reader.Units.Any(unit => unit.Type == NncUnitType.Topology)) writer.WriteTopology(reader.ReadTopology());
            Assert.Equal(vector.Stream[..(int)reader.Data[0].Info.Offset], output.ToArray());
        }
    }

    // The oracle decoder notes the registers at each border as it passes.
    private static EntryPoint[][] EntryPointsOf(CompressedDataUnit unit, byte[] stream, NncDialect dialect)
    {
        NncTensorInfo tensor = unit.Tensors[^1];
        if (tensor.ScanOrder == 0) return [];
        Assert.Single(unit.Tensors);
        var decoder = new TextDecoder([.. stream.AsSpan((int)unit.PayloadOffset, (int)unit.PayloadBytes)]);
        decoder.Number(unit.Quantization!.Value.DeltaBits);
        (int rows, int columns) = MatrixView.Of(tensor.Shape);
        decoder.Tensor(
            new LevelSyntax
            {
                Dialect = dialect,
                RowCount = rows,
                RowLength = columns,
                GreaterFlagCount = tensor.GreaterFlagCount,
                DependentQuantization = tensor.DependentQuantization,
                ScanOrder = tensor.ScanOrder,
            },
            [],
            []);
        return [[.. decoder.EntryPoints]];
    }
}
