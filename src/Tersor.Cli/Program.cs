using Tersor.Cli;
using Tersor.Cli.Output;

using Terminal terminal = Terminal.OfProcess();
return (int)await TersorCommand.RunAsync(args, terminal);
