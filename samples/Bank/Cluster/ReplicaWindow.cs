using Bank.Grains;
using Bank.Silos;
using Microsoft.Extensions.DependencyInjection;
using Orleans.MasterSlave;
using Orleans.Runtime;

namespace Bank.Cluster;

/// <summary>The window through the library's diagnostics.</summary>
internal sealed class ReplicaWindow(BankClient client, SiloFleet fleet) : IReplicaWindow
{
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(3);

    /// <summary>A replica on a dead or frozen silo shall not hold up the look at the others.</summary>
    private static readonly TimeSpan CountLimit = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(10);

    private readonly IReplicatedGrainDiagnostics _diagnostics = client.Services.GetRequiredService<IReplicatedGrainDiagnostics>();

    public async Task<GroupPicture> LookAsync(string account, bool withLag)
    {
        var replicas = await GetReplicasAsync(account, LookLimit);
        // The master is read first, so that what it executes in the meantime does not look like lag of a slave.
        var master = replicas.FirstOrDefault(replica => replica.IsMaster);
        var ahead = withLag ? await CountAsync(account, master?.Silo) : null;
        var pictures = new List<ReplicaPicture>();
        foreach (var replica in replicas)
        {
            var count = replica.IsMaster || ahead is null ? ahead : await CountAsync(account, replica.Silo);
            pictures.Add(new ReplicaPicture(NameOf(replica.Silo), replica.IsInSync, ahead is null || count is null ? null : Math.Max(0, ahead.Value - count.Value)));
        }
        return new GroupPicture(account, NameOf(master?.Silo), pictures);
    }

    public async Task<Statement> ReadStatementAsync(string account, string silo)
    {
        var replicas = await GetReplicasAsync(account, ReadLimit);
        var address = replicas.FirstOrDefault(replica => NameOf(replica.Silo) == silo)?.Silo
            ?? throw new InvalidOperationException($"{silo} has no replica of account {account}.");
        return await _diagnostics.ReadFromAsync(address, client.Account(account).GetStatement).WaitAsync(ReadLimit);
    }

    private Task<IReadOnlyList<ReplicaInfo>> GetReplicasAsync(string account, TimeSpan limit) =>
        _diagnostics.GetReplicasAsync(client.Account(account)).WaitAsync(limit);

    private async Task<long?> CountAsync(string account, SiloAddress? silo)
    {
        if (silo is null || fleet.ByPort(silo.Endpoint.Port) is not { State: SiloState.Running }) return null;
        try
        {
            return await _diagnostics.ReadFromAsync(silo, client.Account(account).GetPostingCount).WaitAsync(CountLimit);
        }
        catch (Exception)
        {
            // Only the screen shows it, as not known.
            return null;
        }
    }

    private string? NameOf(SiloAddress? silo) => silo is null ? null : fleet.ByPort(silo.Endpoint.Port)?.Settings.Name;
}
