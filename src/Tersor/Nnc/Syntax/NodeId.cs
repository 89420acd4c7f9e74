namespace Tersor.Nnc.Syntax;

/// <summary>Place of a tensor in the parameter update tree: device_id ue(1), parameter_id ue(5), put_node_depth ue(4).</summary>
/// <param name="Device">The device that made the update.</param>
/// <param name="Parameter">Ordinal of the unit in the model.</param>
/// <param name="Depth">0 for the base model, 1 for its first update, and so on.</param>
internal readonly record struct NodeId(long Device, long Parameter, long Depth)
{
    public static NodeId Read(ref BitReader reader) => new(reader.ReadExpGolomb(1), reader.ReadExpGolomb(5), reader.ReadExpGolomb(4));

    public void Write(BitWriter writer)
    {
        writer.WriteExpGolomb(Device, 1);
        writer.WriteExpGolomb(Parameter, 5);
        writer.WriteExpGolomb(Depth, 4);
    }
}
