namespace Tersor.Nnc.Syntax;

/// <summary>
/// The node that a unit updates (section 4.1, rows 9 and 10): by device (type 0), or by the SHA-256 (type 1) or SHA-512 (type 2) of its data.
/// </summary>
internal sealed record ParentNode
{
    public const int ByDevice = 0;

    private const int ReservedType = 3;

    public int Type { get; init; }

    /// <summary>Contexts are chosen by the parent's levels.</summary>
    public bool TemporalContexts { get; init; }

    public long Device { get; init; }

    /// <summary>Stated only where the unit has no node of its own.</summary>
    public (long Parameter, long Depth)? Explicit { get; init; }

    public byte[] Hash { get; init; } = [];

    public static ParentNode Read(ref BitReader reader, bool nodePresent)
    {
        int type = (int)reader.ReadBits(2);
        bool temporal = reader.ReadFlag();
        switch (type)
        {
            case ByDevice:
                long device = reader.ReadExpGolomb(1);
                (long, long)? node = nodePresent ? null : (reader.ReadExpGolomb(5), reader.ReadExpGolomb(4));
                return new ParentNode { TemporalContexts = temporal, Device = device, Explicit = node };
            case ReservedType:
                throw reader.Malformed("parent node type 3 is reserved");
            default:
                byte[] hash = new byte[type * 32];
                for (int i = 0; i < hash.Length; i++) hash[i] = (byte)reader.ReadBits(8);
                return new ParentNode { Type = type, TemporalContexts = temporal, Hash = hash };
        }
    }

    public void Write(BitWriter writer)
    {
        writer.WriteBits((uint)Type, 2);
        writer.WriteFlag(TemporalContexts);
        if (Type == ByDevice)
        {
            writer.WriteExpGolomb(Device, 1);
            if (Explicit is not { } node) return;
            writer.WriteExpGolomb(node.Parameter, 5);
            writer.WriteExpGolomb(node.Depth, 4);
        }
        else
        {
            foreach (byte value in Hash) writer.WriteBits(value, 8);
        }
    }
}
