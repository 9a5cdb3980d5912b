using System.IO.Hashing;
using System.Text;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>
/// The simulated disk of one life, on which everything happens in an order that a seed alone decides. Between the steps of a test the log's thread stands
/// still: it is given a record of a group of its own, and stopped in the sync of that record until the next step. Loses power at a given operation.
/// </summary>
internal sealed class SteppedDisk
{
    private const string Pace = "pace";
    private static readonly byte[] PaceName = GroupBytes.Of(GroupOf(Pace));

    private readonly SimulatedFiles _disk;
    private readonly Random _random;
    private readonly XxHash3 _trace;
    private readonly Lock _gate = new();
    private int _operationsLeft;
    private WriteAheadLog? _log;
    private IReplicaLog? _pace;
    private long _paced;
    private TaskCompletionSource _standsStill = NewSignal();
    private TaskCompletionSource _goOn = NewSignal();
    private volatile bool _over;

    public SteppedDisk(SimulatedFiles disk, int operations, Random random, XxHash3 trace)
    {
        (_disk, _operationsLeft, _random, _trace) = (disk, operations, random, trace);
        Files = new FaultyFiles(disk, Before, AfterWrite);
    }

    public ILogFiles Files { get; }

    /// <summary>What the power failure left; null while there is power.</summary>
    public SimulatedFiles? Left { get; private set; }

    /// <summary>Completes when the next snapshot is in the snapshot log.</summary>
    public TaskCompletionSource SnapshotWritten { get; private set; } = NewSignal();

    public void Begin(WriteAheadLog log)
    {
        _log = log;
        _pace = log.OpenReplica(GroupOf(Pace));
        _paced = _pace.PromisedEpoch.Value;
        StandStill();
    }

    /// <summary>Lets the log's thread do all that waits, and returns when it stands still again or never will.</summary>
    public async Task GoOnAsync(params IReadOnlyList<Task> tasks)
    {
        GoOn();
        await Task.WhenAll(tasks).ContinueWith(_ => { }, TaskScheduler.Default);
        StandStill();
    }

    /// <summary>From now on it never stands still.</summary>
    public void End()
    {
        _over = true;
        GoOn();
    }

    private void GoOn()
    {
        lock (_gate)
        {
            SnapshotWritten = NewSignal();
            _standsStill = NewSignal();
            _goOn.TrySetResult();
        }
    }

    private void StandStill()
    {
        Task stands;
        lock (_gate) stands = _standsStill.Task;
        if (stands.IsCompleted || _over) return;
        SpinWait.SpinUntil(() => _log!.Commit.IsIdle || _over); // also what it does unasked, such as letting segments go
        lock (_gate) _goOn = NewSignal();
        Task.WaitAny(stands, _pace!.PromiseAsync(new Epoch(++_paced)));
    }

    private static bool IsLogThread => Thread.CurrentThread.Name == "Orleans.MasterSlave log";

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Before(string operation, string path)
    {
        lock (_gate)
        {
            if (Left is not null) throw new IOException("no power");
            _trace.Append(Encoding.UTF8.GetBytes($"{operation} {path}\n"));
            if (_operationsLeft-- <= 0)
            {
                Left = _random.Next(3) == 0 ? _disk.Copy() : _disk.Crash(_random);
                throw new IOException("no power");
            }

            if (operation == "Sync" && path.EndsWith(".snapshot", StringComparison.Ordinal)) SnapshotWritten.TrySetResult();
        }
    }

    private void AfterWrite(byte[] bytes)
    {
        if (!IsLogThread || _over || bytes.AsSpan().IndexOf(PaceName) < 0) return;
        Task goOn;
        lock (_gate)
        {
            goOn = _goOn.Task;
            _standsStill.TrySetResult();
        }

        goOn.Wait();
    }
}
