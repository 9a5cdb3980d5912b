using System.Net;
using Orleans.MasterSlave.Contracts;
using Orleans.Runtime;

namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>Identities made from small numbers, the same in every run.</summary>
internal static class SimIds
{
    public static readonly StoreId Store = new(new Guid(77, 7, 7, new byte[8]));

    public static NodeId Node(int index) => new(new Guid(index + 1, 0, 0, new byte[8]));
    public static int IndexOf(NodeId node) => BitConverter.ToInt32(node.Value.ToByteArray(), 0) - 1;
    public static GroupId Group(int index) => new(GrainId.Create("sim", $"{index}"));

    /// <summary>The birth of the group that a node founds in a life of its process, by the number of its claim.</summary>
    public static GroupBirth Birth(int node, long life, long number) => new(new Guid(node + 1, (short)life, (short)number, new byte[8]));

    /// <summary>Where a life of a node runs: each start has an address of its own.</summary>
    public static SiloAddress Address(int node, long startCount) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_111 + node), (int)startCount);
    public static (int Node, long StartCount) LifeAt(SiloAddress address) => (address.Endpoint.Port - 11_111, address.Generation);
    public static Guid Client(int index) => new(index + 1, 1, 1, new byte[8]);

    /// <summary>The id that a client goes on with when its group has forgotten the one before.</summary>
    public static Guid Renewed(Guid client, int times) => new(BitConverter.ToInt32(client.ToByteArray(), 0), 1, (short)(1 + times), new byte[8]);
}
