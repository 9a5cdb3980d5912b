// Another process on an SQLite store, for tests: adds to a counter by swaps. Arguments: file, grain id, times.
using Orleans.MasterSlave.Sqlite;
using Orleans.MasterSlave.TestKit;
using Orleans.Runtime;

using var services = new StorageServices();
using var store = new SqliteStore(args[0], TimeSpan.FromSeconds(30), TimeProvider.System);
var etags = await GrainStorageContract.Increment(services.Sqlite(store), GrainId.Parse(args[1]), int.Parse(args[2]));
Console.WriteLine(string.Join(' ', etags));
