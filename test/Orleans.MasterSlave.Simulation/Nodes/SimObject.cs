using Orleans.MasterSlave.Simulated.Checks;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Simulated.World;

namespace Orleans.MasterSlave.Simulated.Nodes;

/// <summary>What operations are applied to: a ledger of request ids with a digest of all of them in order. An operation takes its time.</summary>
internal sealed class SimObject(SimWorld world, TimeProvider time, int index, GroupChecker checker, double slowestMilliseconds, SimNode node, DrawChecker draws, int group) : IReplicatedObject
{
    private const int SavedHead = 16, SavedBytes = 40; // of a state, and of one operation in it
    private const long NotImported = -1;
    private readonly SimRandom _random = world.Random.Fork();
    private readonly HashSet<RequestId> _known = [];
    private bool _applying;

    public List<RequestId> Ledger { get; } = [];

    /// <summary>A part of the state that no checker sees: what was done to it where operations go astray.</summary>
    public long Hidden { get; private set; }

    /// <summary>What each operation of the ledger drew.</summary>
    public List<Guid> Draws { get; } = [];
    public ulong Digest { get; private set; }

    /// <summary>What the import of the first state has given; null: nothing yet.</summary>
    public long? Imported { get; private set; }

    /// <summary>An operation that begins with this byte cannot be read.</summary>
    public const byte Unreadable = 0xff;

    public string? Admit(RequestId request, byte[] payload) => payload[0] == Unreadable ? "it cannot be read" : null;

    public void Forget(RequestId request)
    {
    }

    /// <summary>An operation that begins with this byte cannot be read any more where <see cref="SimNode.CannotRead"/>.</summary>
    public const byte Renamed = 0xfd;

    /// <summary>An operation that begins with this byte ends the process that executes it.</summary>
    public const byte Deadly = 0xfe;

    /// <summary>What a skipped operation is answered with; see <see cref="WasSkipped"/>.</summary>
    private static readonly byte[] Skipped = [0x5c];

    public static bool WasSkipped(byte[] answer) => answer.Length == 1;

    public string? Prepare(LogEntry entry) => node.CannotRead && entry.Payload[0] == Renamed ? "its type is not known here" : null;

    public string? TryOut(byte[] payload) => null;

    public byte[] AnswerOfSkipped(LogEntry entry)
    {
        checker.SkippedAt(index, entry);
        return Skipped;
    }

    public async Task<IReadOnlyList<byte[]>> ApplyAsync(IReadOnlyList<LogEntry> operations, DrawKey key)
    {
        world.Require(!_applying, () => "operations never interleave (W5)");
        _applying = true;
        RequireFirstState();
        var answers = new List<byte[]>();
        if (node.FailsToApply) throw new OutOfMemoryException("simulated");
        world.Require(operations.All(o => o.Payload[0] != Unreadable), () => "what cannot be read is not in the log (W3)");
        var marks = node.MarksOf(group);
        marks.Begin(operations[0].Position, "an operation");
        if (node.ApplyTime > TimeSpan.Zero) await Task.Delay(node.ApplyTime, time);
        foreach (var operation in operations)
        {
            marks.Begin(operation.Position, "an operation");
            if (slowestMilliseconds > 0 && _random.Chance(0.3)) await Task.Delay(_random.Milliseconds(0, slowestMilliseconds), time);
            if (operation.Payload[0] == Deadly && node.DiesOfOperations) await node.DieAsync();
            if (operation.Payload[0] == Deadly && node.HangsInOperations) throw new TimeoutException("simulated: it has not ended within its limit");
            marks.End();
            world.Require(_known.Add(operation.Request), () => $"node {index} executed {operation.Request} of {checker.Group} a second time, at {operation.Position}");
            var draw = key.DrawsOf(operation.Epoch.Value, operation.Index.Value).NextGuid();
            draws.Drawn(checker.Group, operation, draw);
            Add(operation.Request, draw);
            if (node.GoesAstray) Hidden++;
            checker.Applied(index, operation, Ledger.Count, Digest);
            answers.Add(Answer());
        }

        _applying = false;
        return answers;
    }

    public bool ImportsFirstState => node.OldState is not null;

    public async Task<byte[]?> ImportFirstStateAsync(CancellationToken cancelled)
    {
        world.Count("first state asked for");
        var (value, fails) = (node.OldState!.Next(), node.ImportFails);
        var takes = node.ImportTime ?? _random.Milliseconds(0, node.SlowestImportMilliseconds);
        if (takes > TimeSpan.Zero) await Task.Delay(takes, time, CancellationToken.None);
        if (fails) throw new IOException("simulated: the old storage does not answer");
        return BitConverter.GetBytes(value);
    }

    /// <summary>No call before the first state is there (G12).</summary>
    private void RequireFirstState() =>
        world.Require(!ImportsFirstState || Imported is not null, () => $"node {index} serves {checker.Group} without its first state (G12)");

    public async Task<byte[]> ReadAsync(byte[] payload)
    {
        if (slowestMilliseconds > 0 && _random.Chance(0.3)) await Task.Delay(_random.Milliseconds(0, slowestMilliseconds), time);
        RequireFirstState();
        var answer = Answer();
        if (node.ReadTime > TimeSpan.Zero) await Task.Delay(node.ReadTime, time);
        return answer;
    }

    public Task<byte[]> SaveStateAsync()
    {
        world.Require(!_applying, () => "a snapshot is not taken within an operation (D6)");
        if (_random.Chance(node.UnsavableStates)) throw new NotSupportedException("simulated: a member of the state has no codec");
        var bytes = new byte[SavedHead + (Ledger.Count * SavedBytes)];
        BitConverter.TryWriteBytes(bytes, Imported ?? NotImported);
        BitConverter.TryWriteBytes(bytes.AsSpan(sizeof(long)), Hidden);
        for (var i = 0; i < Ledger.Count; i++)
        {
            var at = bytes.AsSpan(SavedHead + (i * SavedBytes));
            Ledger[i].Client.TryWriteBytes(at);
            BitConverter.TryWriteBytes(at[16..], Ledger[i].Sequence);
            Draws[i].TryWriteBytes(at[24..]);
        }

        return Task.FromResult(bytes);
    }

    public Task<StateHashes> HashStateAsync()
    {
        world.Require(!_applying, () => "a digest is not taken within an operation (W11)");
        world.Count("digest");
        var values = new UInt128(Digest, (ulong)Hidden + (node.WritesOtherwise ? 1_000UL : 0));
        return Task.FromResult(new StateHashes(values + (node.OrdersOtherwise ? UInt128.One : 0), values));
    }

    public async Task RestoreStateAsync(byte[]? state)
    {
        world.Require(!_applying, () => "the state is not replaced within an operation (C3)");
        Ledger.Clear();
        Draws.Clear();
        _known.Clear();
        Digest = 0;
        Imported = state is not null && BitConverter.ToInt64(state) is not NotImported and var imported ? imported : null;
        if (Imported is { } value) checker.Imported(index, value);
        Hidden = state is not { Length: >= SavedHead } ? 0 : BitConverter.ToInt64(state, sizeof(long));
        for (var at = SavedHead; at < state?.Length; at += SavedBytes)
        {
            var request = new RequestId(new Guid(state.AsSpan(at, 16)), BitConverter.ToInt64(state, at + 16));
            _known.Add(request);
            Add(request, new Guid(state.AsSpan(at + 24, 16)));
        }

        if (slowestMilliseconds > 0) await Task.Delay(_random.Milliseconds(0, slowestMilliseconds), time);
    }

    public Task RoleChangedAsync(ReplicaRole role) => Task.CompletedTask;

    public void AnsweredOnMaster(IReadOnlyList<LogEntry> operations)
    {
    }

    /// <summary>What an answer says: how many operations the ledger held, and their digest.</summary>
    public static (int Count, ulong Digest) Read(byte[] answer) => (BitConverter.ToInt32(answer, 0), BitConverter.ToUInt64(answer, 4));

    private byte[] Answer() => [.. BitConverter.GetBytes(Ledger.Count), .. BitConverter.GetBytes(Digest)];

    private void Add(RequestId request, Guid draw)
    {
        Ledger.Add(request);
        Draws.Add(draw);
        Digest = Fold(Fold(Digest, request), BitConverter.ToUInt64(draw.ToByteArray(), 0));
    }

    private static ulong Fold(ulong digest, ulong more) => (digest ^ more) * 0x9E3779B97F4A7C15;

    private static ulong Fold(ulong digest, RequestId request)
    {
        var z = (digest ^ ((ulong)BitConverter.ToUInt32(request.Client.ToByteArray(), 0) << 32) ^ (ulong)request.Sequence) * 0xBF58476D1CE4E5B9;
        return (z ^ (z >> 29)) * 0x94D049BB133111EB;
    }
}
