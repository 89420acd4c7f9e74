using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tersor.Models.Onnx;

/// <summary>Counts the names of a file. The base class library does not tell, so the operating system is asked.</summary>
internal static partial class HardLinks
{
    private const int CurrentDirectory = -100;
    private const int DoNotFollow = 0x100;
    private const uint WantLinkCount = 0x4;

    /// <summary>Number of hard links to a regular file; 1 where the system does not tell.</summary>
    public static long Count(string path)
    {
        // Larger than each of the structures: 256 bytes of statx, 144 of Darwin's stat, 52 of BY_HANDLE_FILE_INFORMATION.
        Span<byte> answer = stackalloc byte[512];
        answer.Clear();
        try
        {
            if (OperatingSystem.IsLinux())
            {
                return StatX(CurrentDirectory, path, DoNotFollow, WantLinkCount, answer) == 0
                    ? BinaryPrimitives.ReadUInt32LittleEndian(answer[16..])
                    : 1;
            }

            if (OperatingSystem.IsMacOS())
            {
                int result = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? StatInode64(path, answer) : Stat(path, answer);
                return result == 0 ? BinaryPrimitives.ReadUInt16LittleEndian(answer[6..]) : 1;
            }

            if (OperatingSystem.IsWindows())
            {
                using SafeFileHandle handle = File.OpenHandle(path);
                return GetFileInformationByHandle(handle, answer) ? BinaryPrimitives.ReadUInt32LittleEndian(answer[40..]) : 1;
            }
        }
        catch (EntryPointNotFoundException)
        {
            // An older C library without statx.
        }

        return 1;
    }

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
