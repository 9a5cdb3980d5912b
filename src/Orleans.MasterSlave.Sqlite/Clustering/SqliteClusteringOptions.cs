namespace Orleans.MasterSlave.Sqlite;

/// <summary>Options of cluster membership on SQLite, for silos and clients.</summary>
public sealed class SqliteClusteringOptions : SqliteStoreOptions;
