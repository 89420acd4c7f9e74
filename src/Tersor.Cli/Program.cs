using System.Runtime.InteropServices;
using Tersor.Cli;
using Tersor.Cli.Output;

// A file that outgrows the limit of the process (ulimit -f) is a write that fails, not the end of the process. SIGXFSZ has this number on all systems that have it.
const int FileSizeExceeded = 25;
using PosixSignalRegistration? limit = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create((PosixSignal)FileSizeExceeded, signal => signal.Cancel = true);
using Terminal terminal = Terminal.OfProcess();
return (int)await TersorCommand.RunAsync(args, terminal);
