using System.Net.Sockets;
using Tersor.Models;

namespace Tersor.Tests.Models;

/// <summary>A file appears under its name when whole, and takes the place of files only.</summary>
public class PendingFileTests
{
    [Fact]
    public void Nothing_is_there_before_the_commit_and_nothing_stays_without_one()
    {
        using TemporaryFolder folder = new();
        using (PendingFile file = new(folder["a"], overwrite: false))
        {
            file.Stream.Write([1, 2]);
            Assert.False(File.Exists(folder["a"]));
        }

        Assert.Empty(folder.FileNames);
        using (PendingFile file = new(folder["a"], overwrite: false))
        {
            file.Stream.Write([1, 2]);
            file.Commit();
        }

        Assert.Equal([1, 2], File.ReadAllBytes(folder["a"]));
        Assert.Equal(["a"], folder.FileNames);
    }

    [SkippableFact]
    public void What_is_no_regular_file_is_never_replaced()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows does not tell a socket from a file.");
        using TemporaryFolder folder = new();
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(folder["s"]));

        Assert.False(PendingFile.CanReplace(folder["s"]));
        Assert.False(PendingFile.CanReplace(Path.GetTempPath()));
        Assert.True(PendingFile.CanReplace(folder["none"]));
        IOException refused = Assert.Throws<IOException>(() => new PendingFile(folder["s"], overwrite: true).Dispose());

        Assert.Equal($"{folder["s"]}: is a device or a pipe; name a file", refused.Message);
        Assert.Equal(["s"], folder.FileNames);
        Assert.Equal(refused.Message, Assert.Throws<IOException>(() => ByteSource.FromFile(folder["s"]).Dispose()).Message);
    }

    [SkippableFact]
    public void What_a_link_leads_to_is_replaced_and_the_link_stays()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows lets few users make links.");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["target"], [1]);
        File.CreateSymbolicLink(folder["link"], "target");

        using (PendingFile file = new(folder["link"], overwrite: true))
        {
            file.Stream.Write([2]);
            file.Commit();
        }

        Assert.Equal([2], File.ReadAllBytes(folder["target"]));
        Assert.Equal("target", new FileInfo(folder["link"]).LinkTarget);
    }
}
