using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tersor.Models;

/// <summary>What the base class library does not tell of a file, so that the operating system is asked. A link is what it leads to.</summary>
/// <param name="LinkCount">Names that the file has.</param>
/// <param name="IsRegular">False for folders, devices, pipes and sockets.</param>
internal readonly partial record struct FileStatus(long LinkCount, bool IsRegular)
{
    private const int CurrentDirectory = -100;
    private const uint WantType = 0x1;
    private const uint WantLinkCount = 0x4;

    private const int TypeMask = 0xF000;
    private const int RegularType = 0x8000;

    private static readonly FileStatus Usual = new(1, true);

    /// <summary>The status of a path; that of a usual file where there is none or the system does not tell.</summary>
    public static FileStatus Of(string path)
    {
        // Larger than each of the structures: 256 bytes of statx, 144 of Darwin's stat, 52 of BY_HANDLE_FILE_INFORMATION.
        Span<byte> answer = stackalloc byte[512];
        answer.Clear();
        try
        {
            if (OperatingSystem.IsLinux())
            {
                return StatX(CurrentDirectory, path, 0, WantType | WantLinkCount, answer) == 0
                    ? new FileStatus(BinaryPrimitives.ReadUInt32LittleEndian(answer[16..]), IsRegularMode(answer[28..]))
                    : Usual;
            }

            if (OperatingSystem.IsMacOS())
            {
                int result = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? StatInode64(path, answer) : Stat(path, answer);
                return result == 0 ? new FileStatus(BinaryPrimitives.ReadUInt16LittleEndian(answer[6..]), IsRegularMode(answer[4..])) : Usual;
            }

            if (OperatingSystem.IsWindows() && File.Exists(path))
            {
                using SafeFileHandle handle = File.OpenHandle(path);
                return GetFileInformationByHandle(handle, answer) ? new FileStatus(BinaryPrimitives.ReadUInt32LittleEndian(answer[40..]), true) : Usual;
            }
        }
        catch (EntryPointNotFoundException)
        {
            // An older C library without statx.
        }

        return Usual;
    }

    private static bool IsRegularMode(ReadOnlySpan<byte> mode) => (BinaryPrimitives.ReadUInt16LittleEndian(mode) & TypeMask) == RegularType;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int directory, string path, int flags, uint mask, Span<byte> answer);

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(string path, Span<byte> answer);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatInode64(string path, Span<byte> answer);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetFileInformationByHandle(SafeFileHandle file, Span<byte> answer);
}
