namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>What the import of a first state reads. It gives another value each time, so that nobody can import twice unnoticed.</summary>
internal sealed class OldState
{
    /// <summary>How often it was read, and what it gave last.</summary>
    public long Reads { get; private set; }

    public long Next() => ++Reads;
}
