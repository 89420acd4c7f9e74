using Tersor.Models;

namespace Tersor.Tests.Models;

public class ByteSourceTests
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 200).Select(i => (byte)i)];

    [Fact]
    public void FromStream_ReadsAtAnyOffsetFromSeveralThreads()
    {
        using ByteSource source = ByteSource.FromStream(new MemoryStream(Content));
        Parallel.For(0, 1000, i =>
        {
            byte[] part = new byte[i % 50];
            source.Read(i % 150, part);
            Assert.Equal(Content[(i % 150)..((i % 150) + part.Length)], part);
        });
        Assert.Throws<ModelFormatException>(() => source.Read(199, new byte[2]));
    }

    [Fact]
    public void FromStream_ClosesTheStreamUnlessToldNotTo()
    {
        MemoryStream kept = new(Content), closed = new(Content);
        ByteSource.FromStream(kept, leaveOpen: true).Dispose();
        ByteSource.FromStream(closed).Dispose();
        Assert.True(kept.CanRead, "left open");
        Assert.False(closed.CanRead, "closed");
    }

    [Fact]
    public void Slice_OfDeferredBytes_MakesThemOncePerReading()
    {
        int made = 0;
        ByteSource window = ByteSource.Deferred("made", 200, _ =>
        {
            made++;
            return Content;
        }).Slice(50, 100);
        Assert.False(window.ReadsInParts, "what stands behind it does not");
        MemoryStream copy = new();
        window.CopyTo(copy);
        Assert.Equal(Content[50..150], copy.ToArray());
        Assert.Equal(Content[50..150], window.ReadAll().ToArray());
        Assert.Equal(2, made);
    }

    [Fact]
    public void Slice_OutsideTheSource_IsTheCallersError()
    {
        ByteSource source = ByteSource.FromMemory(Content);
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Slice(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Slice(0, 201));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Slice(200, 1));
        Assert.Equal(0, source.Slice(200, 0).Length);
    }
}
