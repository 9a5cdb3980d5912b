namespace Orleans.MasterSlave.Contracts;

/// <summary>The number of a mastership; one higher at every change of master. Zero: no mastership yet.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.epoch")]
internal readonly record struct Epoch([property: Id(0)] long Value) : IComparable<Epoch>
{
    public static readonly Epoch None;
    public Epoch Next() => new(Value + 1);
    public int CompareTo(Epoch other) => Value.CompareTo(other.Value);
    public static bool operator <(Epoch left, Epoch right) => left.Value < right.Value;
    public static bool operator >(Epoch left, Epoch right) => left.Value > right.Value;
    public static bool operator <=(Epoch left, Epoch right) => left.Value <= right.Value;
    public static bool operator >=(Epoch left, Epoch right) => left.Value >= right.Value;
    public override string ToString() => $"e{Value}";
}

/// <summary>The number of an entry in a group's log. The first entry has index 1; zero stands before it.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.log-index")]
internal readonly record struct LogIndex([property: Id(0)] long Value) : IComparable<LogIndex>
{
    public static readonly LogIndex None;
    public LogIndex Next() => new(Value + 1);
    public LogIndex Previous() => new(Value - 1);
    public int CompareTo(LogIndex other) => Value.CompareTo(other.Value);
    public static LogIndex Min(LogIndex left, LogIndex right) => left.Value <= right.Value ? left : right;
    public static LogIndex Max(LogIndex left, LogIndex right) => left.Value >= right.Value ? left : right;
    public static LogIndex operator +(LogIndex left, long right) => new(left.Value + right);
    public static long operator -(LogIndex left, LogIndex right) => left.Value - right.Value;
    public static bool operator <(LogIndex left, LogIndex right) => left.Value < right.Value;
    public static bool operator >(LogIndex left, LogIndex right) => left.Value > right.Value;
    public static bool operator <=(LogIndex left, LogIndex right) => left.Value <= right.Value;
    public static bool operator >=(LogIndex left, LogIndex right) => left.Value >= right.Value;
    public override string ToString() => $"{Value}";
}

/// <summary>An entry's place: the epoch it was written in, and its index. Two logs that agree on one position agree on all before it.</summary>
[GenerateSerializer, Immutable, Alias("masterslave.log-position")]
internal readonly record struct LogPosition([property: Id(0)] Epoch Epoch, [property: Id(1)] LogIndex Index)
{
    public static readonly LogPosition None;
    public override string ToString() => $"{Epoch}:{Index}";
}

/// <summary>
/// The last thing that a client saw of a group (R1). A replica answers a read only after it has committed <see cref="Index"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("masterslave.session-token")]
internal readonly record struct SessionToken([property: Id(0)] long DataLossCount, [property: Id(1)] Epoch Epoch, [property: Id(2)] LogIndex Index)
{
    public static readonly SessionToken None;

    /// <summary>The group that it is a token of; none: of whichever the reader is.</summary>
    [Id(3)] public GroupBirth Birth { get; init; }

    /// <summary>Does this token know of less than the other? A later data loss counts first: indexes before and after it cannot be compared.</summary>
    public bool IsBefore(SessionToken other) => (DataLossCount, Index.Value).CompareTo((other.DataLossCount, other.Index.Value)) < 0;

    /// <summary>The later of two tokens of the same group: never lets time run backwards. A token of another birth is not later, whatever it says.</summary>
    public static SessionToken Latest(SessionToken left, SessionToken right)
    {
        if (left.Birth.IsOther(right.Birth)) return left;
        if (left.Birth.IsNone) left = left with { Birth = right.Birth };
        return left.IsBefore(right) ? right : left;
    }
}
