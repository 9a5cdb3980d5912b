using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Replication;
using Orleans.MasterSlave.Replication.Slave;
using Xunit;

namespace Orleans.MasterSlave.Tests.Replication;

/// <summary>A snapshot is taken whole, of one master and one position, or not at all (C4).</summary>
public sealed class SnapshotReceiverTests
{
    private const int Pieces = 3, PieceBytes = 4;
    private readonly SnapshotReceiver _receiver = new();

    [Fact]
    public void Pieces_InOrder_GiveTheWhole()
    {
        for (var round = 0; round < 2; round++)
        {
            Assert.Null(_receiver.Take(Piece(1, 10, 'a', 0)));
            Assert.Equal(PieceBytes, _receiver.NextOffset);
            Assert.Null(_receiver.Take(Piece(1, 10, 'a', 1)));
            AssertWhole('a', _receiver.Take(Piece(1, 10, 'a', 2)));
            Assert.Equal(0, _receiver.NextOffset);
        }
    }

    [Fact]
    public void PieceThatComesTwice_OrTooEarly_IsLeft()
    {
        _receiver.Take(Piece(1, 10, 'a', 0));
        Assert.Null(_receiver.Take(Piece(1, 10, 'x', 0)));
        Assert.Null(_receiver.Take(Piece(1, 10, 'x', 2)));
        Assert.Equal(PieceBytes, _receiver.NextOffset);
        _receiver.Take(Piece(1, 10, 'a', 1));
        AssertWhole('a', _receiver.Take(Piece(1, 10, 'a', 2)));
    }

    [Theory]
    [InlineData(2, 10, 0)] // of another master
    [InlineData(1, 11, 0)] // of another position
    [InlineData(1, 10, 1)] // of another length
    public void PieceOfAnotherSnapshot_IsNeverMixedIn(long epoch, long index, int longer)
    {
        _receiver.Take(Piece(1, 10, 'a', 0));
        _receiver.Take(Piece(1, 10, 'a', 1));
        Assert.Null(_receiver.Take(Piece(epoch, index, 'b', 2, longer))); // its place would be the next one
        Assert.Equal(0, _receiver.NextOffset);
        _receiver.Take(Piece(epoch, index, 'b', 0, longer));
        _receiver.Take(Piece(epoch, index, 'b', 1, longer));
        AssertWhole('b', _receiver.Take(Piece(epoch, index, 'b', 2, longer)));
    }

    private static void AssertWhole(char content, LogSnapshot? snapshot) =>
        Assert.All(Assert.IsType<LogSnapshot>(snapshot).State, value => Assert.Equal((byte)content, value));

    private static InstallRequest Piece(long epoch, long index, char content, int number, int longer = 0) => new()
    {
        Header = new MasterHeader(new NodeLife(default, 1), default, new Epoch(epoch), DataLossCount: 0, RecordVersion: 1, InSync: false) { Receiver = default },
        Position = new LogPosition(new Epoch(1), new LogIndex(index)),
        DataLossCount = 0,
        TimeUtc = DateTime.UnixEpoch,
        TotalBytes = Pieces * PieceBytes + longer,
        Offset = number * PieceBytes,
        Chunk = [.. Enumerable.Repeat((byte)content, PieceBytes + (number == Pieces - 1 ? longer : 0))],
    };
}
