using System.Diagnostics;
using Orleans.MasterSlave.Sqlite;
using Orleans.MasterSlave.TestKit;
using Orleans.Storage;
using Xunit;

namespace Orleans.MasterSlave.Tests.Sqlite;

public sealed class SqliteGrainStorageTests : GrainStorageContract, IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly StorageServices _services = new();
    private readonly List<SqliteStore> _stores = [];

    protected override Task<IGrainStorage> OpenAsync()
    {
        var store = new SqliteStore(_directory.File("store.db"), TimeSpan.FromSeconds(20), TimeProvider.System);
        _stores.Add(store);
        return Task.FromResult(_services.Sqlite(store));
    }

    [Fact]
    public async Task State_AfterAllWereClosed_IsReadBack()
    {
        var storage = await OpenAsync();
        var written = New(5, "kept");
        await storage.WriteStateAsync("record", Grain("a"), written);
        CloseAll();

        var read = await Read(await OpenAsync(), Grain("a"));

        Assert.Equal((5, "kept", written.ETag), (read.State.Number, read.State.Text, read.ETag));
    }

    [Fact]
    public async Task Write_WithAnETagThatIsNoNumber_IsRefused()
    {
        var storage = await OpenAsync();
        await storage.WriteStateAsync("record", Grain("a"), New(1));
        foreach (var etag in (string[])["", "x", "-1", "+1", " 1", "99999999999999999999"])
        {
            var state = New(2);
            state.ETag = etag;
            await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("record", Grain("a"), state));
        }
    }

    [Fact]
    public async Task Conflict_NamesBothETags()
    {
        var storage = await OpenAsync();
        var stored = New(1);
        await storage.WriteStateAsync("record", Grain("a"), stored);

        var conflict = await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("record", Grain("a"), New(2)));

        Assert.Equal((stored.ETag, null), (conflict.StoredEtag, conflict.CurrentEtag));
    }

    [Fact]
    public async Task Swaps_OfSeveralProcesses_AreNeverLost()
    {
        const int processes = 3, swaps = 100;
        var cancelled = TestContext.Current.CancellationToken;
        var storage = await OpenAsync();
        await storage.WriteStateAsync("record", Grain("n"), New(0));
        var workers = Enumerable.Range(0, processes).Select(_ => StartWorker(Grain("n").ToString(), swaps)).ToList();

        var etags = await Task.WhenAll(workers.Select(worker => worker.StandardOutput.ReadToEndAsync(cancelled)));

        foreach (var worker in workers)
        {
            await worker.WaitForExitAsync(cancelled);
            Assert.Equal(0, worker.ExitCode);
            worker.Dispose();
        }

        Assert.Equal(processes * swaps, (await Read(storage, Grain("n"))).State.Number);
        Assert.Equal(processes * swaps, etags.SelectMany(mine => mine.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Distinct().Count());
    }

    public void Dispose()
    {
        CloseAll();
        _services.Dispose();
        _directory.Dispose();
    }

    private Process StartWorker(string grain, int times)
    {
        var worker = Path.Combine(AppContext.BaseDirectory, "Orleans.MasterSlave.StoreWorker.dll");
        var start = new ProcessStartInfo(Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { "exec", worker, _directory.File("store.db"), grain, times.ToString() },
        };
        return Process.Start(start)!;
    }

    private void CloseAll()
    {
        _stores.ForEach(store => store.Dispose());
        _stores.Clear();
    }
}
