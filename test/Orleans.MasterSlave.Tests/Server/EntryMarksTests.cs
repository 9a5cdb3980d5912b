using Microsoft.Extensions.Logging.Abstractions;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.TestKit;
using Orleans.Runtime;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>What a node remembers of entries that ended its process (W10).</summary>
public sealed class EntryMarksTests : IDisposable
{
    private static readonly GroupId A = new(GrainId.Create("test.book", "a")), B = new(GrainId.Create("test.book", "b"));
    private static readonly LogPosition First = At(3, 7), Next = At(3, 8);
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EntryThatWasBeingApplied_WhenTheProcessDied_HasFailed()
    {
        Process(marks =>
        {
            marks.Of(A).Begin(First, "IBook.Reserve");
            marks.Of(A).End();
            marks.Of(A).Begin(Next, "IBook.Return");
        });
        Process(marks =>
        {
            Assert.Equal((0, 1), (marks.Of(A).FailuresOf(First), marks.Of(A).FailuresOf(Next)));
            Assert.Equal(("IBook.Return", Next), (marks.Of(A).Suspect!.Operation, marks.Of(A).Suspect!.Position));
            Assert.Null(marks.Of(B).Suspect);
            marks.Of(A).Begin(Next, "IBook.Return");
        });
        Process(marks => Assert.Equal(2, marks.Of(A).FailuresOf(Next)));
        Process(marks => Assert.Equal(2, marks.Of(A).FailuresOf(Next))); // and is kept, though nothing died meanwhile
    }

    [Fact]
    public void OrderlyEnd_CountsNothing()
    {
        Process(marks => marks.Of(A).Begin(First, "x"), orderly: true);
        Process(marks => Assert.Null(marks.Of(A).Suspect));
    }

    /// <summary>A mended version is not held against what the old one did.</summary>
    [Fact]
    public void OtherCode_ForgetsAll()
    {
        Process(marks => marks.Of(A).Begin(First, "x"));
        Process(marks => Assert.Null(marks.Of(A).Suspect), deployment: 2);
        Process(marks => marks.Of(A).Begin(First, "x"));
        Process(marks => Assert.NotNull(marks.Of(A).Suspect));
        Process(marks => Assert.Null(marks.Of(A).Suspect), deployment: 2);
    }

    /// <summary>Of what was applied at once, at first each may be to blame; later only what was under suspicion, for such go one by one.</summary>
    [Fact]
    public void NeighbourOfADeadlyEntry_IsNotBlamedTwice()
    {
        Process(marks =>
        {
            marks.Of(A).Begin(First, "deadly");
            marks.Of(B).Begin(Next, "harmless");
        });
        Process(marks =>
        {
            Assert.Equal((1, 1), (marks.Of(A).FailuresOf(First), marks.Of(B).FailuresOf(Next)));
            marks.Of(A).Begin(First, "deadly");
            marks.Of(B).Begin(At(3, 9), "harmless too");
        });
        Process(marks => Assert.Equal((2, 1, 0), (marks.Of(A).FailuresOf(First), marks.Of(B).FailuresOf(Next), marks.Of(B).FailuresOf(At(3, 9)))));
    }

    [Fact]
    public void EntryThatOutlastedItsLimit_HasFailed_ThoughTheProcessLives()
    {
        Process(marks =>
        {
            marks.Of(A).Begin(First, "endless");
            marks.Of(A).FailCurrent();
            marks.Of(A).FailCurrent(); // told of twice, it counts once
            Assert.Equal(1, marks.Of(A).FailuresOf(First));
        });
        Process(marks => Assert.Equal(1, marks.Of(A).FailuresOf(First)));
    }

    [Fact]
    public void EntryThatWasAppliedAfterAll_IsCleared()
    {
        Process(marks => marks.Of(A).Begin(First, "x"));
        Process(marks =>
        {
            marks.Of(A).Survived(First);
            Assert.Null(marks.Of(A).Suspect);
        });
        Process(marks => Assert.Null(marks.Of(A).Suspect));
    }

    /// <summary>A call whose arguments end the process that reads them is not read a second time.</summary>
    [Fact]
    public void RequestThatWasBeingRead_WhenTheProcessDied_HasFailed()
    {
        Process(marks =>
        {
            using (marks.Of(A).BeginRequest(1)) Assert.False(marks.Of(A).HasFailed(1));
            marks.Of(A).BeginRequest(2);
            marks.Of(B).BeginRequest(3);
        });
        Process(marks =>
        {
            Assert.Equal([false, true, true], new[] { 1, 2, 3 }.Select(r => marks.Of(B).HasFailed((UInt128)r)));
            Assert.Null(marks.Of(A).Suspect);
        });
    }

    [Fact]
    public void MoreGroupsThanOnePieceOfTheFileHolds_AreAllMarked()
    {
        GroupId Of(int i) => new(GrainId.Create("test.book", $"{i}"));
        Process(marks =>
        {
            for (var i = 0; i < 1_000; i++) marks.Of(Of(i)).Begin(At(1, i + 1), $"call {i}");
        });
        Process(marks =>
        {
            for (var i = 0; i < 1_000; i++) Assert.Equal($"call {i}", marks.Of(Of(i)).Suspect!.Operation);
        });
    }

    private static LogPosition At(long epoch, long index) => new(new Epoch(epoch), new LogIndex(index));

    private void Process(Action<EntryMarks> life, ulong deployment = 1, bool orderly = false)
    {
        using var directory = LogDirectory.Open(_folder.File("log"));
        var marks = EntryMarks.Open(directory, deployment, NullLogger.Instance);
        life(marks);
        marks.Settle();
        if (orderly) marks.Dispose();
    }
}
