using System.Buffers.Binary;
using System.Text;

namespace Tersor.Tests.Models.PyTorch;

/// <summary>Writes pickles instruction by instruction.</summary>
internal sealed class PickleAssembler
{
    private readonly List<byte> _bytes = [];

    public PickleAssembler(byte protocol = 2) => _bytes.AddRange([0x80, protocol]);

    public byte[] Stop() => [.. _bytes, (byte)'.'];

    public PickleAssembler Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleAssembler Op(string opcodes) => Raw(Encoding.Latin1.GetBytes(opcodes));

    public PickleAssembler Global(string module, string name) => Op($"c{module}\n{name}\n");

    public PickleAssembler Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Op("X").Int32(utf8.Length).Raw(utf8);
    }

    public PickleAssembler Number(long number)
    {
        if (number is >= int.MinValue and <= int.MaxValue) return Op("J").Int32((int)number);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return Raw(0x8A, 8).Raw(bytes);
    }

    public PickleAssembler Numbers(params ReadOnlySpan<long> numbers)
    {
        Op("(");
        foreach (long number in numbers) Number(number);
        return Op("t");
    }

    /// <summary>A storage by its persistent id.</summary>
    public PickleAssembler Storage(string storageClass, string key, long count)
    {
        int dot = storageClass.LastIndexOf('.');
        return Op("(").Text("storage").Global(storageClass[..dot], storageClass[(dot + 1)..]).Text(key).Text("cpu").Number(count).Op("tQ");
    }

    /// <summary>A tensor as PyTorch writes it today.</summary>
    public PickleAssembler Tensor(string storageClass, string key, long count, long offset, long[] sizes, long[] strides) =>
        Global("torch._utils", "_rebuild_tensor_v2").Op("(")
            .Storage(storageClass, key, count).Number(offset).Numbers(sizes).Numbers(strides)
            .Raw(0x89).Global("collections", "OrderedDict").Op(")RtR");

    private PickleAssembler Int32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }
}
