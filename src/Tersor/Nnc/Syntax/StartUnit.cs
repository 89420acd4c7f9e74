using Tersor.EntropyCoding;

namespace Tersor.Nnc.Syntax;

/// <summary>STR (section 3.2): <c>general_profile_idc</c> u(8); 0 is the first edition's syntax, 1 the second's.</summary>
internal static class StartUnit
{
    public const int FirstEditionProfile = 0;

    public const int SecondEditionProfile = 1;

    public static int Read(ref BitReader reader) => (int)reader.ReadBits(8);

    public static byte[] Write(int profile)
    {
        var body = new BitWriter();
        body.WriteBits((uint)profile, 8);
        return UnitHeader.Frame(NncUnitType.Start, body);
    }

    public static int ProfileOf(NncDialect dialect) => dialect == NncDialect.EditionTwo ? SecondEditionProfile : FirstEditionProfile;
}
