using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Commit;

/// <summary>A replica's three pointers, as they stood at one moment (see ARCHITECTURE's invariants).</summary>
/// <param name="LargestReceivedIndex">Last entry durable in this replica's own log.</param>
/// <param name="LargestReplicatedIndex">Master: largest index durable on every in-sync replica; slave: the same as received.</param>
/// <param name="LargestCommittedIndex">Last entry applied to this replica's state.</param>
internal readonly record struct LogPositions(LogIndex LargestReceivedIndex, LogIndex LargestReplicatedIndex, LogIndex LargestCommittedIndex);

/// <summary>A rule of the protocol does not hold: a defect. The replica stops, so that nothing is built on it.</summary>
internal sealed class BrokenInvariantException(string message) : InvalidOperationException(message)
{
    public static void Unless(bool holds, string rule)
    {
        if (!holds) throw new BrokenInvariantException($"Broken invariant: {rule}");
    }
}
