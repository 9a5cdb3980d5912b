using Ledger.Grains;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.Client;

/// <summary>What the client process can be told to do. The folder holds what clients before have booked.</summary>
internal static class Commands
{
    public const int Accounts = 24;

    public static Task<int> RunAsync(string command, string folder, IServiceProvider services)
    {
        var grains = services.GetRequiredService<IGrainFactory>();
        var accounts = Enumerable.Range(1, Accounts).Select(i => grains.GetGrain<IAccount>($"account {i}")).ToList();
        return command switch
        {
            "load" => new Load(accounts, new Journal(folder)).RunAsync(),
            "in-sync" => new Replicas(accounts, services).WaitInSyncAsync(),
            "begin-fees" => BeginFeesAsync(accounts),
            "audit" => new Audit(accounts, new Journal(folder), services).RunAsync(),
            _ => throw new ArgumentException($"There is no command {command}.", nameof(command)),
        };
    }

    private static async Task<int> BeginFeesAsync(IReadOnlyList<IAccount> accounts)
    {
#if FEES
        await Task.WhenAll(accounts.Select(a => a.BeginFees()));
        Console.WriteLine($"{accounts.Count} accounts take fees");
        return 0;
#else
        await Console.Error.WriteLineAsync($"Version 1 knows no fees, for none of {accounts.Count} accounts.");
        return 1;
#endif
    }
}
