// A silo in a process of its own, for tests in which it dies of an operation. Arguments: folder, silo port, gateway port, step.
// Steps: "die" adds an entry and calls the deadly operation; "start" only starts; "repair" has it skipped and goes on. Prints what it sees.
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.MasterSlave;
using Orleans.MasterSlave.SiloWorker;

var (folder, port, gateway, step) = (args[0], int.Parse(args[1]), int.Parse(args[2]), args[3]);
var builder = Host.CreateApplicationBuilder();
builder.Logging.ClearProviders().AddConsole().SetMinimumLevel(LogLevel.Warning).AddFilter("Orleans.MasterSlave", LogLevel.Information);
builder.UseOrleans(silo =>
{
    silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = ("deadly", "deadly"));
    silo.ConfigureEndpoints(IPAddress.Loopback, port, gateway);
    silo.UseSqliteClustering(o => o.Path = Path.Combine(folder, "store.db"));
    silo.AddSqliteGrainStorage("MasterSlave", o => o.Path = Path.Combine(folder, "store.db"));
    silo.AddMasterSlave(o => o.LogDirectory = Path.Combine(folder, "log"));
});
using var host = builder.Build();
await host.StartAsync();
var grain = host.Services.GetRequiredService<IGrainFactory>().GetGrain<IDeadly>("grain");
Console.WriteLine("started");
switch (step)
{
    case "die":
        Console.WriteLine($"added {await grain.Add()}");
        await grain.EndProcess();
        break;
    case "start":
        await Task.Delay(TimeSpan.FromSeconds(60)); // the silo wakes the group, and dies of it
        break;
    default:
        try
        {
            await grain.Add();
        }
        catch (GroupStoppedException e)
        {
            Console.WriteLine($"stopped {e.Message}");
        }

        Console.WriteLine($"read {await grain.Count()}");
        var repair = host.Services.GetRequiredService<IReplicatedGrainRepair>();
        var operation = await repair.FindStoppedAsync(grain) ?? throw new InvalidOperationException("It is not stopped.");
        await repair.SkipAsync(grain, operation);
        Console.WriteLine($"skipped {operation.Index}");
        Console.WriteLine($"added {await grain.Add()}");
        await host.StopAsync();
        break;
}
