using Orleans.Storage;

namespace Orleans.MasterSlave.Sqlite;

/// <summary>Options of a grain storage provider on SQLite.</summary>
public sealed class SqliteGrainStorageOptions : SqliteStoreOptions, IStorageProviderSerializerOptions
{
    /// <summary>
    /// Gets or sets the serializer of grain state. Default: the one registered under the provider's name, else Orleans' default (JSON).
    /// A change makes states that are stored already unreadable.
    /// </summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = default!;
}
