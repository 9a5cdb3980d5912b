using System.Diagnostics.CodeAnalysis;

namespace Orleans.MasterSlave.TestKit;

/// <summary>One caller's view of a stored <see cref="Ledger"/>.</summary>
public sealed class LedgerState(Ledger ledger) : IGrainState<Ledger>
{
    private Ledger _ledger = ledger;

    [AllowNull]
    public Ledger State
    {
        get => _ledger;
        set => _ledger = value ?? throw new InvalidOperationException("A storage gives a fresh state, never none.");
    }

    public string? ETag { get; set; }

    public bool RecordExists { get; set; }
}
