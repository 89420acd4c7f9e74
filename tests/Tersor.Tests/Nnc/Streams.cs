using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Nnc;
using Tersor.Nnc.Syntax;

namespace Tersor.Tests.Nnc;

/// <summary>Small streams that tests start from.</summary>
internal static class Streams
{
    /// <summary>The worked example of the implementer's text (section 13): "w" = 2 x 3, dependent quantization, QP -6.</summary>
    public static byte[] Example { get; } = Convert.FromHexString("00040201" + "0008068100400080" + "00060E000000" + "0015160977 00D041C120A0C06080F94C8019BA48E5".Replace(" ", "", StringComparison.Ordinal));

    public static int[] ExampleLevels => [0, -2, 0, 15, 1, -2];

    public static float[] ExampleValues => [0f, -0.75f, 0f, 5.625f, 0.375f, -0.75f];

    /// <summary>A stream of units made with the given settings, topology first if there is one.</summary>
    public static byte[] Write(NncStreamSettings settings, Topology? topology, params IEnumerable<EncodedUnit> units)
    {
        using var output = new MemoryStream();
        var writer = new NncWriter(output, settings);
        if (topology is not null) writer.WriteTopology(topology);
        foreach (EncodedUnit unit in units) writer.Write(unit);
        return output.ToArray();
    }

    public static NncReader Open(byte[] stream) => NncReader.Open(stream);

    /// <summary>Start unit, parameter set and the units given as bytes.</summary>
    public static byte[] Join(int profile, params IEnumerable<byte[]> units) => [.. StartUnit.Write(profile), .. units.SelectMany(unit => unit)];

    /// <summary>The parameter set that the reference writes.</summary>
    public static byte[] Parameters => Convert.FromHexString("0008068100400080");

    /// <summary>A unit with a body of one's own making.</summary>
    public static byte[] Unit(NncUnitType type, Action<BitWriter> body)
    {
        var writer = new BitWriter();
        body(writer);
        return UnitHeader.Frame(type, writer);
    }

    /// <summary>A topology unit that carries names only, at least two.</summary>
    public static byte[] NameList(params string[] names) => Unit(NncUnitType.Topology, body =>
    {
        body.WriteBits(TopologyUnit.ReferenceListFormat, 8);
        body.WriteBits(TopologyUnit.RawCompression, 8);
        body.WriteExpGolomb(names.Length - 2, 7);
        body.WriteAlignment();
        foreach (string name in names) body.WriteString(name);
    });

    /// <summary>Integers that no quantizer made, coded without loss.</summary>
    public static byte[] IntegerUnit(string name, params int[] values)
    {
        using var output = new MemoryStream();
        NncUnitEncoder.Encode(new LevelTensor(name, new TensorShape(values.Length), values, LevelRule.Integer), Settings(NncDialect.EditionTwo), NncUnitOptions.Default).WriteTo(output);
        return output.ToArray();
    }

    public static NncStreamSettings Settings(NncDialect dialect) => NncStreamSettings.Default with { Dialect = dialect };
}
