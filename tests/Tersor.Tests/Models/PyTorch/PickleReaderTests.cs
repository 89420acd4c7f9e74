using System.Diagnostics;
using System.Text;
using Tersor.Models;
using Tersor.Models.PyTorch;

namespace Tersor.Tests.Models.PyTorch;

public class PickleReaderTests
{
    private static PickleValue Read(byte[] pickle) => PickleReader.Read(pickle, "file", "pickle", new TorchGlobals());

    private static ModelFormatException Malformed(PickleAssembler pickle) => Assert.Throws<ModelFormatException>(() => Read(pickle.Stop()));

    [Fact]
    public void Read_WhatPythonPickles_OfProtocol2()
    {
        // pickle.dumps({'a': [1, -2, 300, 2**40], 'b': (None, True, False), 3: 0.5}, protocol=2)
        byte[] pickle = Convert.FromHexString(
            "80027d71002858010000006171015d7102284b014afeffffff4d2c018a060000000000016558010000006271034e88898771044b03473fe0000000000000752e");
        PickleDictionary dictionary = Assert.IsType<PickleDictionary>(Read(pickle));
        Assert.Equal(3, dictionary.Entries.Count);
        PickleSequence list = Assert.IsType<PickleSequence>(dictionary.Entries[0].Value);
        Assert.False(list.IsTuple);
        Assert.Equal([1, -2, 300, 1L << 40], list.Items.Select(item => ((PickleInteger)item).Value));
        PickleSequence tuple = Assert.IsType<PickleSequence>(dictionary.Entries[1].Value);
        Assert.True(tuple.IsTuple);
        Assert.Equal([PickleConstant.None, PickleConstant.True, PickleConstant.False], tuple.Items);
        Assert.Equal(3, Assert.IsType<PickleInteger>(dictionary.Entries[2].Key).Value);
        Assert.IsType<PickleOpaque>(dictionary.Entries[2].Value);
    }

    [Fact]
    public void Read_WhatPythonPickles_OfProtocol4()
    {
        // pickle.dumps(['x', 'x', {'y': b'z'}, {1}, frozenset()], protocol=4)
        byte[] pickle = Convert.FromHexString("8004951f000000000000005d94288c01789468017d948c01799443017a94738f94284b0190289194652e");
        PickleSequence list = Assert.IsType<PickleSequence>(Read(pickle));
        Assert.Equal(5, list.Items.Count);
        Assert.Same(list.Items[0], list.Items[1]);
        Assert.IsType<PickleDictionary>(list.Items[2]);
        Assert.IsType<PickleOpaque>(list.Items[3]);
        Assert.IsType<PickleOpaque>(list.Items[4]);
    }

    [Fact]
    public void Read_IntegersOfAnyLength()
    {
        PickleSequence tuple = (PickleSequence)Read(new PickleAssembler().Op("(")
            .Raw(0x8A, 0).Raw(0x8A, 1, 0xFF).Raw(0x8A, 2, 0xFF, 0x00).Raw(0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80)
            .Raw(0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1).Raw(0x8B, 1, 0, 0, 0, 5).Op("t").Stop());
        Assert.Equal([0, -1, 255, long.MinValue, null, 5], tuple.Items.Select(item => (item as PickleInteger)?.Value));
    }

    [Fact]
    public void Read_NamesOutsideTheList_AreNotedAndMakeNothing()
    {
        TorchGlobals globals = new();
        byte[] pickle = new PickleAssembler()
            .Op("(").Global("os", "system").Text("echo hacked").Raw(0x85).Op("R")
            .Text("builtins").Text("eval").Raw(0x93).Text("1").Raw(0x85).Raw(0x81)
            .Global("numpy.core.multiarray", "scalar").Op(")}").Raw(0x92).Op("t").Stop();
        PickleSequence result = Assert.IsType<PickleSequence>(PickleReader.Read(pickle, "file", "pickle", globals));
        Assert.All(result.Items, item => Assert.IsType<PickleOpaque>(item));
        Assert.Equal(["builtins.eval", "numpy.core.multiarray.scalar", "os.system"], globals.Refused);
    }

    [Fact]
    public void Read_AllowedNamesWithOtherArguments_AreMalformed()
    {
        string[] allowed = ["collections.OrderedDict", "torch.Size", "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
            "torch._utils._rebuild_parameter", "torch._tensor._rebuild_from_type_v2", "torch.FloatStorage"];
        foreach (string name in allowed)
        {
            int dot = name.LastIndexOf('.');
            for (int count = 1; count <= 8; count++)
            {
                PickleAssembler pickle = new PickleAssembler().Global(name[..dot], name[(dot + 1)..]).Op("(");
                for (int i = 0; i < count; i++) pickle.Op("N");
                if (name.EndsWith("_parameter", StringComparison.Ordinal) && count is 3 or 4) continue;
                Malformed(pickle.Op("tR"));
            }
        }
    }

    [Fact]
    public void Read_BrokenPrograms_SayWhatAndWhere()
    {
        (PickleAssembler Pickle, string Problem)[] broken =
        [
            (new PickleAssembler(), "ends with 0 values"),
            (new PickleAssembler().Op("NN"), "ends with 2 values"),
            (new PickleAssembler().Op("N(NN"), "ends with 3 values"),
            (new PickleAssembler().Op("0"), "too few"),
            (new PickleAssembler().Op("2"), "too few"),
            (new PickleAssembler().Op("N").Raw(0x87), "too few"),
            (new PickleAssembler().Op("]N(a"), "too few"), // the list is behind the mark
            (new PickleAssembler().Op("Nt"), "no mark"),
            (new PickleAssembler().Op("e"), "no mark"),
            (new PickleAssembler().Op("(e"), "too few"),
            (new PickleAssembler().Op(")Na"), "no list"),
            (new PickleAssembler().Op("]NNs"), "no dictionary"),
            (new PickleAssembler().Op("}(Nu"), "no value"),
            (new PickleAssembler().Op("](N").Raw(0x90), "no set"),
            (new PickleAssembler().Op("h\u0005"), "memo 5"),
            (new PickleAssembler().Op("q\u0000"), "too few"),
            (new PickleAssembler().Op("N)R"), "no function"),
            (new PickleAssembler().Global("torch", "Size").Op("NR"), "no function"),
            (new PickleAssembler().Op("NNb"), "none"),
            (new PickleAssembler().Op("NQ"), "persistent id"),
            (new PickleAssembler().Op("NN").Raw(0x93), "no text"),
            (new PickleAssembler().Op("X\u00ff\u00ff\u00ff\u00ffabc"), "4294967295 bytes are declared"),
            (new PickleAssembler().Raw(0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF), "are declared"),
            (new PickleAssembler().Raw(0x8B, 0xFF, 0xFF, 0xFF, 0xFF), "are declared"),
            (new PickleAssembler().Raw(0x95, 0xFF, 0, 0, 0, 0, 0, 0, 0), "frame"),
            (new PickleAssembler().Op("J\u0000\u0000"), "middle of an instruction"),
            (new PickleAssembler().Op("cos"), "no end"),
            (new PickleAssembler().Op("\u00ff"), "no pickle instruction"),
            (new PickleAssembler().Op("N.N"), "follow the end"),
        ];
        foreach ((PickleAssembler pickle, string problem) in broken)
        {
            ModelFormatException error = Malformed(pickle);
            Assert.Contains(problem, error.Message, StringComparison.Ordinal);
            Assert.True(error.Offset >= 0, error.Message);
        }
    }

    [Theory]
    [InlineData("8000" + "4e2e")]
    [InlineData("8006" + "4e2e")]
    [InlineData("8002" + "49310a2e")] // INT, a text of protocol 0
    [InlineData("8002" + "82012e")] // EXT1, an entry of Python's extension registry
    [InlineData("8005" + "972e")] // NEXT_BUFFER
    public void Read_OtherProtocolsAndInstructions_AreUnsupported(string pickle) =>
        Assert.Throws<UnsupportedModelException>(() => Read(Convert.FromHexString(pickle)));

    [Fact]
    public void Read_NotAPickle_IsMalformed()
    {
        Assert.Throws<ModelFormatException>(() => Read([]));
        Assert.Throws<ModelFormatException>(() => Read("(lp0\n."u8.ToArray()));
    }

    [Fact]
    public void Read_DeepNesting_CostsNoStack()
    {
        StringBuilder nested = new();
        for (int i = 0; i < 300_000; i++) nested.Append(']');
        for (int i = 1; i < 300_000; i++) nested.Append('a');
        PickleSequence outer = Assert.IsType<PickleSequence>(Read(new PickleAssembler().Op(nested.ToString()).Stop()));
        Assert.Single(outer.Items);
        Assert.Throws<ResourceLimitException>(() => StateDictionary.Flatten(outer, "file", "lone", null));
    }

    [Fact]
    public void Read_EndlessValues_AreLimited()
    {
        byte[] pickle = new PickleAssembler().Op("(" + new string('N', (1 << 22) + 1)).Op("t").Stop();
        Assert.Throws<ResourceLimitException>(() => Read(pickle));
    }

    [Fact]
    public void Flatten_ValuesSharedOverAndOver_IsLimited()
    {
        // Each list holds the one before twice: 2^60 leaves in a few hundred bytes.
        PickleAssembler pickle = new PickleAssembler().Op("]q\u0000");
        for (int i = 0; i < 60; i++) pickle.Op("0](h\u0000h\u0000eq\u0000");
        PickleValue bomb = Read(pickle.Stop());
        Stopwatch watch = Stopwatch.StartNew();
        Assert.Throws<ResourceLimitException>(() => StateDictionary.Flatten(bomb, "file", "lone", null));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 10);
    }

    [Fact]
    public void Flatten_DictionaryWithinItself_IsLimited()
    {
        PickleValue cycle = Read(new PickleAssembler().Op("}q\u0000").Text("again").Op("h\u0000s").Stop());
        Assert.Throws<ResourceLimitException>(() => StateDictionary.Flatten(cycle, "file", "lone", null));
    }

    [Fact]
    public void Flatten_LongNamesSharedOverAndOver_AreLimited()
    {
        PickleAssembler pickle = new PickleAssembler().Text(new string('n', 1 << 20)).Op("q\u00010]q\u0000");
        for (int i = 0; i < 60; i++) pickle.Op("0}(h\u0001h\u0000h\u0001h\u0000uq\u0000");
        PickleValue bomb = Read(pickle.Stop());
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ResourceLimitException>(() => StateDictionary.Flatten(bomb, "file", "lone", null));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 150_000_000);
    }
}
