using Bank.Cluster;
using Bank.Grains;
using Bank.Load;
using Bank.Silos;
using Orleans.MasterSlave;

namespace Bank.Audit;

/// <summary>Finds the account operations in the orphan files of all silos.</summary>
internal static class OrphanReader
{
    public static IReadOnlySet<LostOperation> Read(BankClient client, SiloFleet fleet) =>
        fleet.Silos
            .Select(silo => silo.Settings.ReplicationLogDirectory)
            .SelectMany(folder => ReadAll(folder, client.Services))
            .Select(Recognize)
            .OfType<LostOperation>()
            .ToHashSet();

    // An audit that leaves something out proves nothing.
    private static IReadOnlyList<OrphanedOperation> ReadAll(string folder, IServiceProvider services)
    {
        var found = OrphanedOperations.Read(folder, services);
        return found.Unread is [var unread, ..] ? throw new IOException($"Operations in '{unread.File}' cannot be read.", unread.Reason) : found.Operations;
    }

    private static LostOperation? Recognize(OrphanedOperation operation)
    {
        PostingKind? kind = operation.Method switch
        {
            nameof(IAccountGrain.Withdraw) => PostingKind.Withdrawal,
            nameof(IAccountGrain.Deposit) => PostingKind.Deposit,
            _ => null,
        };
        if (kind is null || operation.Arguments is not [string transferId, ..]) return null;
        return new LostOperation(operation.Grain.Key.ToString()!, new OperationKey(transferId, kind.Value));
    }
}
