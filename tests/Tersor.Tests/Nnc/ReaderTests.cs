using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Nnc;

namespace Tersor.Tests.Nnc;

public class ReaderTests
{
    [Fact]
    public void Opening_reads_headers_and_no_payload()
    {
        LevelTensor[] tensors = [.. Enumerable.Range(0, 5).Select(i => new TensorMaker((ulong)i).Raw($"t{i}", new TensorShape(300, 300)))];
        byte[] stream = Streams.Write(NncStreamSettings.Default, null, tensors.Select(tensor => NncUnitEncoder.Encode(tensor, NncStreamSettings.Default, NncUnitOptions.Default)));
        var source = new CountingSource(stream);
        using NncReader reader = NncReader.Open(source);
        Assert.Equal(5, reader.Tensors.Count);
        Assert.True(source.BytesRead < 8 * 512, $"{source.BytesRead} bytes");

        reader.Decode("t3", new float[90_000]);
        Assert.True(source.BytesRead < (8 * 512) + 360_000, $"{source.BytesRead} bytes");
    }

    [Fact]
    public void A_stream_of_many_gigabytes_is_opened_and_its_last_tensor_decoded()
    {
        using var source = new HugeSource();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using NncReader reader = NncReader.Open(source);
        Assert.Equal(HugeSource.TensorCount + 1, reader.Tensors.Count);
        Assert.True(reader.ByteCount > 1L << 35);
        NncTensorInfo last = reader.Tensors[^1];
        Assert.True(last.UnitOffset > 1L << 35);
        float[] values = new float[6];
        reader.Decode(last, values);
        Assert.Equal(Streams.ExampleValues, values);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 200_000);
    }

    [Fact]
    public void Threads_decode_different_and_equal_units_at_once()
    {
        foreach (NncDialect dialect in new[] { NncDialect.EditionOne, NncDialect.EditionTwo, NncDialect.EditionOneLate })
        {
            LevelTensor[] tensors = [.. Enumerable.Range(0, 30).Select(i => new TensorMaker((ulong)i).Tensor($"t{i}", new TensorShape(7, 5 + i), LevelRule.Uniform(-10, dependent: i % 2 == 0)))];
            NncStreamSettings settings = Streams.Settings(dialect);
            byte[] stream = Streams.Write(settings, null, tensors.Select(tensor => NncUnitEncoder.Encode(tensor, settings, NncUnitOptions.Default)));
            using NncReader reader = NncReader.Open(stream);
            Parallel.For(0, 300, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => Assert.Equal(tensors[i % 30].ToSingles(), reader.DecodeSingles($"t{i % 30}")));
            Assert.Equal(dialect, reader.Dialect);
        }
    }

    [Fact]
    public void Decoding_into_memory_of_the_caller_makes_no_array_per_element()
    {
        LevelTensor tensor = new TensorMaker(9).Tensor("t", new TensorShape(400, 500), LevelRule.Uniform(-10, dependent: true));
        using NncReader reader = NncReader.Open(Streams.Write(NncStreamSettings.Default, null, NncUnitEncoder.Encode(tensor, NncStreamSettings.Default, NncUnitOptions.Default)));
        float[] values = new float[200_000];
        reader.Decode("t", values);
        long before = GC.GetAllocatedBytesForCurrentThread();
        reader.Decode("t", values);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 20_000);
        Assert.Equal(tensor.ToSingles(), values);
    }

    [Fact]
    public void What_the_caller_gets_wrong_is_said()
    {
        using NncReader reader = NncReader.Open(Streams.Example);
        using NncReader other = NncReader.Open(Streams.Example);
        Assert.Contains("'v'", Assert.Throws<ArgumentException>(() => reader.DecodeSingles("v")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => reader.Decode("w", new float[5]));
        Assert.Throws<ArgumentException>(() => reader.Decode(other.Tensors[0], new float[6]));
        Assert.Throws<ArgumentException>(() => reader.DecodeIntegers(reader.Tensors[0], new int[6]));
        Assert.Throws<ArgumentException>(() => reader.DecodeUnit(0));
        Assert.Null(reader.Find("v"));
        Assert.Null(reader.FindComposed("v"));
    }

    [Fact]
    public void A_file_is_read_and_closed()
    {
        using var folder = new TemporaryFolder();
        string path = folder["example.nnc"];
        File.WriteAllBytes(path, Streams.Example);
        using (NncReader reader = NncReader.Open(path))
        {
            Assert.Equal(Streams.ExampleValues, reader.DecodeSingles("w"));
            Assert.Equal(path, reader.Source);
        }

        File.WriteAllText(path, "no stream");
        Assert.Contains("example.nnc", Assert.Throws<ModelFormatException>(() => NncReader.Open(path)).Message, StringComparison.Ordinal);
        File.Delete(path);
        Assert.Throws<FileNotFoundException>(() => NncReader.Open(path));
    }

    private sealed class CountingSource(byte[] bytes) : ByteSource
    {
        public long BytesRead { get; private set; }

        public override string Name => "counting";

        public override long Length => bytes.Length;

        public override void Read(long offset, Span<byte> destination)
        {
            BytesRead += destination.Length;
            bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }
    }

    /// <summary>20 raw tensors of nearly 2 GB each, whose bytes exist nowhere, then the example's.</summary>
    private sealed class HugeSource : ByteSource
    {
        public const int TensorCount = 20;

        private readonly List<(long Offset, byte[] Bytes)> _pieces = [];

        public HugeSource()
        {
            Append(Streams.Example[..18]);
            for (int i = 0; i < TensorCount; i++)
            {
                const long ElementCount = (1L << 29) - 64;
                Append(NncUnitEncoder.EncodeRaw($"t{i}", new TensorShape(ElementCount), new Zeros(ElementCount * 4), NncStreamSettings.Default, NncUnitOptions.Default).Header.ToArray());
                _length += ElementCount * 4;
            }

            Append(Streams.Example[18..]);
        }

        private long _length;

        public override string Name => "huge";

        public override long Length => _length;

        public override void Read(long offset, Span<byte> destination)
        {
            destination.Clear();
            foreach ((long start, byte[] bytes) in _pieces)
            {
                for (long at = Math.Max(offset, start); at < Math.Min(offset + destination.Length, start + bytes.Length); at++) destination[(int)(at - offset)] = bytes[at - start];
            }
        }

        private void Append(byte[] bytes)
        {
            _pieces.Add((_length, bytes));
            _length += bytes.Length;
        }
    }

    private sealed class Zeros(long length) : ByteSource
    {
        public override string Name => "zeros";

        public override long Length => length;

        public override void Read(long offset, Span<byte> destination) => destination.Clear();
    }
}
