using Orleans.MasterSlave.Group;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Node;
using Orleans.MasterSlave.Tests.Journal;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>What the folder knows of the node's row is durable before it is sent, whatever a power failure leaves.</summary>
public sealed class NodeFolderTests
{
    [Fact]
    public void Memory_SurvivesAPowerFailure_WithEverythingThatWasKept()
    {
        var disk = new SimulatedFiles();
        var kept = NodeMemory.Empty;
        for (var i = 1; i < 200; i++)
        {
            using var directory = LogDirectory.Open(LogFixture.Path, disk, bootId: () => $"boot {i / 7}");
            using var folder = new NodeFolder(directory);
            Assert.Equal($"boot {i / 7}", folder.Place);
            AssertSame(kept, folder.Memory);
            kept = i % 3 == 0 ? NodeMemory.Landed(Write(i)) : kept.Sending(Write(i));
            folder.Keep(kept);
            disk = disk.Crash(new Random(i));
        }
    }

    [Fact]
    public void Memory_KnowsTheNewestOfManyStartsThatDied()
    {
        var memory = NodeMemory.Landed(Write(0));
        for (var i = 1; i < 30; i++) memory = memory.Sending(Write(i));
        Assert.Equal(Write(0), memory.Find(Write(0).Stamp));
        Assert.Equal(NodeMemory.MostPending, memory.Pending.Length);
        Assert.Equal(Write(29), memory.Find(Write(29).Stamp));
        Assert.Null(memory.Find(Write(1).Stamp));

        var disk = new SimulatedFiles();
        using var directory = LogDirectory.Open(LogFixture.Path, disk);
        using (var folder = new NodeFolder(directory)) folder.Keep(memory);
        using var again = new NodeFolder(directory);
        AssertSame(memory, again.Memory);
    }

    [Fact]
    public void DamagedFile_IsATypedError_AndOneBlockIsEnough()
    {
        var disk = new SimulatedFiles();
        using var directory = LogDirectory.Open(LogFixture.Path, disk);
        using (var folder = new NodeFolder(directory))
            for (var i = 1; i < 4; i++) folder.Keep(NodeMemory.Landed(Write(i)));
        Spoil(disk, 4_096); // the newest, of number 3
        using (var older = new NodeFolder(directory)) AssertSame(NodeMemory.Landed(Write(2)), older.Memory);
        Spoil(disk, 0);
        Assert.Throws<LogDamagedException>(() => new NodeFolder(directory));
    }

    /// <summary>
    /// What a write that failed has left in its block, nobody knows: the other block is the only whole one, and the next write leaves it
    /// alone.
    /// </summary>
    [Fact]
    public void WriteAfterAFailedOne_LeavesTheWholeBlockAlone()
    {
        var disk = new SimulatedFiles();
        var fails = false;
        var files = new FaultyFiles(disk, (operation, _) =>
        {
            if (fails && operation == "Sync") throw new IOException("simulated");
        });
        using var directory = LogDirectory.Open(LogFixture.Path, files);
        using (var folder = new NodeFolder(directory))
        {
            folder.Keep(NodeMemory.Landed(Write(1)));
            fails = true;
            Assert.Throws<IOException>(() => folder.Keep(NodeMemory.Landed(Write(2))));
            fails = false;
            folder.Keep(NodeMemory.Landed(Write(3)));
        }

        using (var after = new NodeFolder(directory)) AssertSame(NodeMemory.Landed(Write(3)), after.Memory);
        Spoil(disk, 0); // the power failed in the middle of it
        using var older = new NodeFolder(directory);
        AssertSame(NodeMemory.Landed(Write(1)), older.Memory);
    }

    [Fact]
    public void StoreThatWentBack_IsRemembered_UntilTheFileIsDeleted()
    {
        var disk = new SimulatedFiles();
        using var directory = LogDirectory.Open(LogFixture.Path, disk);
        using (var folder = new NodeFolder(directory))
        {
            Assert.False(folder.StoreWentBack);
            folder.RememberStoreWentBack("the row is missing");
            folder.RememberStoreWentBack("again");
        }

        using (var folder = new NodeFolder(directory)) Assert.True(folder.StoreWentBack);
        disk.Delete(System.IO.Path.Combine(LogFixture.Path, NodeFolder.WentBackFileName));
        using var after = new NodeFolder(directory);
        Assert.False(after.StoreWentBack);
    }

    private static NodeWrite Write(int number) => new(new Guid(number, 1, 2, new byte[8]), number, $"boot/8:1/{number}");

    private static void AssertSame(NodeMemory expected, NodeMemory actual)
    {
        Assert.Equal(expected.Confirmed, actual.Confirmed);
        Assert.Equal(expected.Pending, actual.Pending);
    }

    private static void Spoil(SimulatedFiles disk, long offset)
    {
        using var file = disk.Open(System.IO.Path.Combine(LogFixture.Path, NodeFolder.FileName));
        file.Write([0xFF, 0xFF], offset + 30);
    }
}
