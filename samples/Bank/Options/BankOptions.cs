namespace Bank.Options;

/// <summary>How an operation is acknowledged: after it is durable on every in-sync replica, or on the master alone.</summary>
internal enum BankMode
{
    Sync,
    Async,
}

/// <summary>What happens to the silo that masters most groups, a third of the way.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL; started again on the same ports and folder at two thirds.</summary>
    Kill,

    /// <summary>SIGSTOP; SIGCONT at two thirds.</summary>
    Stop,

    /// <summary>Every sync of its log fails with EIO, as on a broken disk; started again, with the disk sound, at two thirds. Linux, with strace.</summary>
    DiskError,

    /// <summary>A sync of its log does not end, as on a disk that hangs; it goes on at two thirds. Linux, with strace.</summary>
    DiskHang,

    /// <summary>SIGKILL to all silos at once; started again in random order at two thirds.</summary>
    All,

    /// <summary>SIGKILL to the silo and another one; started again at two thirds.</summary>
    Two,

    /// <summary>Cut off from others, which are not told; reached again at two thirds.</summary>
    Isolate,

    /// <summary>One fault after another from a tenth of the way to nine tenths, each of a random kind, length and silo.</summary>
    Random,

    None,
}

/// <summary>Whom the isolated silo is cut off from.</summary>
internal enum IsolateFrom
{
    Silos,
    Clients,
    Everybody,
}

/// <summary>What of the isolated silo's traffic is cut.</summary>
internal enum CutDirection
{
    Both,

    /// <summary>What it sends.</summary>
    Out,

    /// <summary>What it is sent.</summary>
    In,
}

/// <summary>What the command line asked for.</summary>
internal sealed record BankOptions
{
    /// <summary>The number of accounts in the shipped file.</summary>
    public const int ShippedAccounts = 100;

    /// <summary>How long the transfers last by default when fault follows fault.</summary>
    public const int RandomSeconds = 120;

    public BankMode Mode { get; init; } = BankMode.Sync;
    public FaultKind Fault { get; init; } = FaultKind.Kill;

    /// <summary>Whom <see cref="FaultKind.Isolate"/> cuts the silo off from.</summary>
    public IsolateFrom Isolate { get; init; } = IsolateFrom.Silos;

    /// <summary>Which way <see cref="FaultKind.Isolate"/> cuts.</summary>
    public CutDirection Direction { get; init; } = CutDirection.Both;

    /// <summary>What is random in a fault comes from it; null: another one for each run, which the screen shows.</summary>
    public int? Seed { get; init; }

    /// <summary>How long the transfers are made to last. Range: 3 to 86,400.</summary>
    public int Seconds { get; init; } = 30;

    /// <summary>Number of accounts; null: as many as the file names. Range: 2 to 100,000.</summary>
    public int? Accounts { get; init; }

    /// <summary>Transfers under way at once, at most. Range: 1 to 4,096.</summary>
    public int Callers { get; init; } = 32;

    /// <summary>Silo processes. Range: 2 to 16.</summary>
    public int Silos { get; init; } = 3;

    /// <summary>The user's own transfers; null: the shipped file.</summary>
    public string? Input { get; init; }

    /// <summary>Where runs keep their folders; null: a temporary folder, removed after a good run.</summary>
    public string? Data { get; init; }

    public bool Help { get; init; }
}

/// <summary>The command line or the input file is wrong: nothing was run. Exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
