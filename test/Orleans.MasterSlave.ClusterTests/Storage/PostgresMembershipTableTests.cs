using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.MasterSlave.TestKit;
using Orleans.Runtime.MembershipService;

namespace Orleans.MasterSlave.ClusterTests.Storage;

/// <summary>The contract on Orleans' AdoNet clustering with our queries.</summary>
public sealed class PostgresMembershipTableTests : MembershipTableContract
{
    private readonly string _clusterId = Guid.NewGuid().ToString("N");

    protected override async Task<IMembershipTable> OpenAsync()
    {
        IMembershipTable table = new AdoNetClusteringTable(
            new ServiceCollection().BuildServiceProvider(),
            Options.Create(new ClusterOptions { ClusterId = _clusterId, ServiceId = "s" }),
            Options.Create(new AdoNetClusteringSiloOptions
            {
                Invariant = PostgresDatabase.Invariant,
                ConnectionString = await PostgresDatabase.ConnectAsync(),
            }),
            NullLogger<AdoNetClusteringTable>.Instance);
        await table.InitializeMembershipTableAsync(true, Cancelled);
        return table;
    }
}
