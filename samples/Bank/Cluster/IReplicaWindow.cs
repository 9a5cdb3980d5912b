using Bank.Grains;

namespace Bank.Cluster;

/// <summary>What the bank asks of the library beyond plain calls on grains: where replicas are, and what a named one holds.</summary>
internal interface IReplicaWindow
{
    /// <summary>The group as its record has it now, not as a cache remembers it.</summary>
    /// <param name="account">The account.</param>
    /// <param name="withLag">Also ask each replica how far it is: a call for each.</param>
    Task<GroupPicture> LookAsync(string account, bool withLag);

    /// <summary>The books that the replica on a silo holds, whatever its role and however far behind it is.</summary>
    Task<Statement> ReadStatementAsync(string account, string silo);
}
