using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Tool;

return await ToolCommand.RunAsync(args, new ToolHost(Console.Out, Console.Error, TimeProvider.System, DiskFiles.ForReading));
