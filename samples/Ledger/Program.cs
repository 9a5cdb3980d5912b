using Ledger.Client;
using Microsoft.Extensions.Hosting;

// Everything else is in the appsettings.json of the working directory.
var builder = Host.CreateApplicationBuilder(args);
switch (args)
{
    case ["silo"]:
        builder.UseOrleans(silo => silo.AddMasterSlave());
        await builder.Build().RunAsync();
        return 0;

    case ["client", var command, var folder]:
        builder.UseOrleansClient(client => client.AddMasterSlave());
        using (var host = builder.Build())
        {
            await host.StartAsync();
            var code = await Commands.RunAsync(command, folder, host.Services);
            await host.StopAsync();
            return code;
        }

    default:
        await Console.Error.WriteLineAsync("Ledger silo | Ledger client load|in-sync|begin-fees|audit FOLDER");
        return 2;
}
