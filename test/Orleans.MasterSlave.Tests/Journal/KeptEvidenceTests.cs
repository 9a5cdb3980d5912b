using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Xunit;
using static Orleans.MasterSlave.Tests.Journal.LogFixture;
using static Orleans.MasterSlave.Tests.Journal.RewriteLogs;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>A quarantined group stays so at every later start, whatever is deleted or rewritten meanwhile (D3).</summary>
public sealed class KeptEvidenceTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task GroupWhoseOldestRecordIsDamaged_StaysQuarantined(bool rewrites, bool promises)
    {
        var files = new SimulatedFiles();
        var (a, busy) = (GroupOf("a"), GroupOf("busy"));
        await using (var fixture = Open(files, Manual))
        {
            await fixture.Log.OpenReplica(GroupOf("idle")).AppendAsync(Entries(1, 1, rewrites ? 1 : 0)); // keeps the first segment
            var log = fixture.Log.OpenReplica(a);
            await log.InstallSnapshotAsync(Snapshot(At(4, 23), 100)); // the oldest record, and all that there is
            await RollAsync(fixture, fixture.Log.OpenReplica(busy), 2);
            if (promises) await log.PromiseAsync(new Epoch(9));
        }

        var state = Snapshot(At(4, 23), 100).State;
        var segment = files.All.First(path => path.EndsWith(".segment", StringComparison.Ordinal));
        files.Alter(segment, bytes => { bytes[bytes.AsSpan().IndexOf(state) + 3] ^= 1; return bytes; });
        for (var start = 0; start < 3; start++)
        {
            await using var fixture = Open(files, Manual);
            Assert.Equal(a, Assert.Single(fixture.Log.Quarantined).Group);
            Assert.Throws<LogDamagedException>(() => fixture.Log.OpenReplica(a));
            await RollAsync(fixture, fixture.Log.OpenReplica(busy), 3);
            if (rewrites) await fixture.Log.RewriteAsync(2);
        }
    }
}
