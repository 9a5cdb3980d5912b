using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>Promises of tests to which it does not matter whose log it is.</summary>
internal static class Promises
{
    public static readonly GroupBirth Birth = new(new Guid("bbbbbbbb-0000-0000-0000-000000000001"));

    public static Task PromiseAsync(this IReplicaLog log, Epoch epoch) => log.PromiseAsync(epoch, Birth);
}
