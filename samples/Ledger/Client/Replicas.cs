using System.Diagnostics;
using Ledger.Grains;
using Microsoft.Extensions.DependencyInjection;
using Orleans.MasterSlave;

namespace Ledger.Client;

/// <summary>What an operator waits for before the next silo is stopped.</summary>
internal sealed class Replicas(IReadOnlyList<IAccount> accounts, IServiceProvider services)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until every account has two replicas in sync.</summary>
    public async Task<int> WaitInSyncAsync()
    {
        var diagnostics = services.GetRequiredService<IReplicatedGrainDiagnostics>();
        for (var began = Stopwatch.GetTimestamp(); ;)
        {
            var replicas = await Task.WhenAll(accounts.Select(a => diagnostics.GetReplicasAsync(a)));
            var behind = replicas.Count(r => r.Count(one => one.IsInSync) < 2);
            if (behind == 0) return 0;
            if (Stopwatch.GetElapsedTime(began) > Limit)
            {
                await Console.Error.WriteLineAsync($"{behind} of {accounts.Count} accounts have fewer than two replicas in sync after {Limit}.");
                return 1;
            }

            await Task.Delay(Pause);
        }
    }
}
