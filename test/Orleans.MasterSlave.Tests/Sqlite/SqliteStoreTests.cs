using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Orleans.MasterSlave.Sqlite;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.Tests.Sqlite;

public sealed class SqliteStoreTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string File => _directory.File("store.db");

    [Fact]
    public async Task Open_OfANewFile_ByManyAtOnce_Succeeds()
    {
        for (var round = 0; round < 5; round++)
        {
            var path = _directory.File($"new{round}.db");
            using var start = new ManualResetEventSlim();
            var opening = Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    using var store = New(path);
                    start.Wait();
                    store.Initialize();
                },
                TaskCreationOptions.LongRunning)).ToList();
            start.Set();
            await Task.WhenAll(opening);
        }
    }

    [Fact]
    public async Task Commits_AreSynced_AndLogged()
    {
        using var store = New(File);

        var mode = await store.WriteAsync(command => command.Set("PRAGMA journal_mode").ExecuteScalar());
        var synchronous = await store.WriteAsync(command => command.Set("PRAGMA synchronous").ExecuteScalar());

        Assert.Equal(("wal", 2L), (mode, synchronous)); // 2 = FULL
    }

    [Fact]
    public void Open_OfAFileThatIsNoDatabase_IsAFormatErrorEachTime_AndLeavesItAlone()
    {
        System.IO.File.WriteAllText(File, new string('x', 5000));
        using var store = New(File);

        Assert.Throws<SqliteStoreFormatException>(store.Initialize);
        Assert.Throws<SqliteStoreFormatException>(store.Initialize);

        Assert.Equal(new string('x', 5000), System.IO.File.ReadAllText(File));
    }

    [Fact]
    public void Open_OfAnotherApplicationsDatabase_IsAFormatError_AndLeavesItAlone()
    {
        Change(File, "CREATE TABLE theirs (x)");
        var before = System.IO.File.ReadAllBytes(File);
        using var store = New(File);

        Assert.Throws<SqliteStoreFormatException>(store.Initialize);

        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public async Task Open_OfANewerSchema_IsAVersionError_ForReadsAndWritesToo()
    {
        New(File, initialize: true).Dispose();
        Change(File, "PRAGMA user_version = 99");
        using var store = New(File);

        var error = Assert.Throws<SqliteSchemaVersionException>(store.Initialize);
        await Assert.ThrowsAsync<SqliteSchemaVersionException>(() => store.ReadAsync(Count));
        await Assert.ThrowsAsync<SqliteSchemaVersionException>(() => store.WriteAsync(Insert("c")));

        Assert.Equal((99, 1, File), (error.FoundVersion, error.SupportedVersion, error.Path));
    }

    [Fact]
    public async Task Read_OfADamagedPage_IsAFormatErrorEachTime()
    {
        using (var store = New(File))
        {
            await store.WriteAsync(Insert("c"));
        }

        using (var file = new FileStream(File, FileMode.Open))
        {
            file.Position = 4096; // the first page stays: header and list of tables
            file.Write(Enumerable.Repeat((byte)0xEE, (int)file.Length - 4096).ToArray());
        }

        using var damaged = New(File);
        await Assert.ThrowsAsync<SqliteStoreFormatException>(() => damaged.ReadAsync(Count));
        await Assert.ThrowsAsync<SqliteStoreFormatException>(() => damaged.WriteAsync(Insert("d")));
        await Assert.ThrowsAsync<SqliteStoreFormatException>(() => damaged.ReadAsync(Count));
    }

    [Fact]
    public async Task Write_WhileAnotherHoldsTheLock_IsBusyAfterTheTimeout_AndWorksAgainAfterwards()
    {
        using var store = New(File, TimeSpan.FromSeconds(1), initialize: true);
        using (var other = Connect(File))
        using (var transaction = other.BeginTransaction(deferred: false))
        {
            var clock = Stopwatch.StartNew();
            var waiting = Enumerable.Range(0, 100).Select(i => store.WriteAsync(Insert($"w{i}"))).ToList();
            foreach (var write in waiting)
            {
                var busy = await Assert.ThrowsAsync<SqliteStoreBusyException>(() => write);
                Assert.False(busy.OutcomeUnknown);
            }

            Assert.InRange(clock.Elapsed.TotalSeconds, 0.9, 3.5); // at most two turns, not one for each write
            Assert.Equal(0L, await store.ReadAsync(Count)); // readers do not wait
        }

        await store.WriteAsync(Insert("again"));
        Assert.Equal(1L, await store.ReadAsync(Count));
    }

    [Fact]
    public async Task Write_ThatFails_IsUndone_AndDoesNotHarmThoseBesideIt()
    {
        using var store = New(File, initialize: true);
        var writes = Enumerable.Range(0, 50).Select(i => store.WriteAsync(i % 10 == 3 ? FailAfter(Insert($"w{i}")) : Insert($"w{i}"))).ToList();

        for (var i = 0; i < writes.Count; i++)
        {
            if (i % 10 == 3)
            {
                await Assert.ThrowsAsync<SqliteStoreException>(() => writes[i]);
            }
            else
            {
                await writes[i];
            }
        }

        Assert.Equal(45L, await store.ReadAsync(Count));
    }

    [Fact]
    public async Task Write_AfterDispose_IsRefused()
    {
        var store = New(File);
        var accepted = store.WriteAsync(Insert("c"));
        store.Dispose();

        await accepted; // what was accepted before is written
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.WriteAsync(Insert("d")));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.ReadAsync(Count));
    }

    public void Dispose() => _directory.Dispose();

    private static SqliteStore New(string path, TimeSpan? busyTimeout = null, bool initialize = false)
    {
        var store = new SqliteStore(path, busyTimeout ?? TimeSpan.FromSeconds(10), TimeProvider.System);
        if (initialize)
        {
            store.Initialize();
        }

        return store;
    }

    private static long Count(SqliteCommand command) => (long)command.Set("SELECT count(*) FROM membership_version").ExecuteScalar()!;

    private static Func<SqliteCommand, int> Insert(string id)
        => command => command.Set("INSERT INTO membership_version VALUES ($id, 0, 0)", ("$id", id)).ExecuteNonQuery();

    private static Func<SqliteCommand, int> FailAfter(Func<SqliteCommand, int> write)
        => command => write(command) + command.Set("INSERT INTO no_such_table VALUES (1)").ExecuteNonQuery();

    private static void Change(string path, string sql)
    {
        using var connection = Connect(path);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }
}
