using Orleans.MasterSlave.Tool;

return await ToolCommand.RunAsync(args, Console.Out, Console.Error);
