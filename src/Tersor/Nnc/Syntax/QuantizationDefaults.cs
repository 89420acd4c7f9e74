namespace Tersor.Nnc.Syntax;

/// <summary><c>qp_density</c> and base QP that a parameter set states for the units after it (sections 3.3 and 3.4).</summary>
/// <param name="Density">0..7: 2^density steps per octave.</param>
/// <param name="BaseQp">-4096..4095, added to the QP that a tensor states.</param>
internal readonly record struct QuantizationDefaults(int Density, int BaseQp)
{
    /// <summary>Bits of the QP difference in front of a tensor.</summary>
    public int DeltaBits => 6 + Density;

    public static QuantizationDefaults Read(ref BitReader reader) => new((int)reader.ReadBits(3), reader.ReadSigned(13));

    public void Write(BitWriter writer)
    {
        writer.WriteBits((uint)Density, 3);
        writer.WriteSigned(BaseQp, 13);
    }
}
