using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>The gateways of a cluster: its active silos that listen for clients.</summary>
internal sealed class SqliteGatewayListProvider(
    SqliteStores stores,
    IOptions<SqliteClusteringOptions> options,
    IOptions<ClusterOptions> cluster,
    IOptions<GatewayOptions> gateways) : IGatewayListProvider
{
    private readonly Lazy<SqliteStore> _store = new(() => stores.Get(options.Value)); // Orleans makes this object before it validates options
    private readonly string _clusterId = cluster.Value.ClusterId;

    public TimeSpan MaxStaleness => gateways.Value.GatewayListRefreshPeriod;

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => _store.Value.ReadAsync(command => command.Set("SELECT 1").ExecuteScalar());

    public Task<IList<Uri>> GetGateways() => _store.Value.ReadAsync(Read);

    private IList<Uri> Read(SqliteCommand command)
    {
        command.Set("SELECT silo, proxy_port FROM membership WHERE cluster_id = $cluster AND status = $active AND proxy_port > 0",
            ("$cluster", _clusterId), ("$active", (int)SiloStatus.Active));
        using var reader = command.ExecuteReader();
        var found = new List<Uri>();
        while (reader.Read())
        {
            var silo = SiloAddress.FromParsableString(reader.GetString(0));
            found.Add(SiloAddress.New(silo.Endpoint.Address, reader.GetInt32(1), silo.Generation).ToGatewayUri());
        }

        return found;
    }
}
