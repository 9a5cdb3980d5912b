using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.MasterSlave.Sqlite;
using Orleans.MasterSlave.TestKit;
using Orleans.Runtime;
using Orleans.Storage;
using Xunit;

namespace Orleans.MasterSlave.Tests.Sqlite;

public sealed class SqliteHostingTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    [Theory]
    [InlineData("", 5, "is not set")]
    [InlineData(":memory:", 5, "no file path")]
    [InlineData("file:x.db?mode=memory", 5, "no file path")]
    [InlineData("{dir}", 5, "is a directory")]
    [InlineData("{dir}/missing/x.db", 5, "does not exist")]
    [InlineData("/proc/x.db", 5, "cannot be opened")]
    [InlineData("{dir}/x.db", 0.5, "BusyTimeout")]
    [InlineData("{dir}/x.db", 61, "BusyTimeout")]
    public void Start_WithWrongOptions_SaysWhatIsWrong(string path, double seconds, string expected)
    {
        path = path.Replace("{dir}", _directory.Path, StringComparison.Ordinal);

        var clustering = Assert.Throws<OrleansConfigurationException>(() => Start(silo => silo.UseSqliteClustering(Set)));
        var storage = Assert.Throws<OrleansConfigurationException>(() => Start(silo => silo.UseLocalhostClustering().AddSqliteGrainStorage("mine", Set)));

        Assert.Contains(expected, clustering.Message, StringComparison.Ordinal);
        Assert.Contains(expected, storage.Message, StringComparison.Ordinal);
        Assert.Contains("'mine'", storage.Message, StringComparison.Ordinal);

        void Set(SqliteStoreOptions options) => (options.Path, options.BusyTimeout) = (path, TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public void Start_OnAForeignFile_IsAFormatError()
    {
        File.WriteAllText(_directory.File("x.db"), new string('x', 5000));

        Assert.Throws<SqliteStoreFormatException>(() => Start(silo => silo.UseSqliteClustering(_directory.File("x.db"))));
    }

    [Fact]
    public void Add_Twice_AddsOneProviderWithBothConfigurations()
    {
        using var host = Build(silo => silo
            .UseSqliteClustering(_directory.File("a.db"))
            .UseSqliteClustering(options => options.BusyTimeout = TimeSpan.FromSeconds(9))
            .AddSqliteGrainStorage("mine", _directory.File("a.db"))
            .AddSqliteGrainStorage("mine", options => options.BusyTimeout = TimeSpan.FromSeconds(9))
            .AddSqliteGrainStorageAsDefault(_directory.File("b.db")));

        Assert.Single(host.Services.GetServices<IMembershipTable>());
        Assert.Single(host.Services.GetKeyedServices<IGrainStorage>("mine"));
        Assert.NotNull(host.Services.GetRequiredService<IGrainStorage>());
        Assert.Equal(3, host.Services.GetServices<IConfigurationValidator>().Count(IsOurs));

        static bool IsOurs(IConfigurationValidator validator) => validator.GetType().Name.StartsWith("SqliteStoreValidator", StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>The validators run while the silo is made.</summary>
    private static void Start(Action<ISiloBuilder> configure)
    {
        using var host = Build(configure);
        foreach (var validator in host.Services.GetServices<IConfigurationValidator>())
        {
            if (validator.GetType().Assembly == typeof(SqliteStoreOptions).Assembly)
            {
                validator.ValidateConfiguration();
            }
        }
    }

    /// <summary>Without the replicated classes of the assemblies that are loaded here: they are for silos with AddMasterSlave.</summary>
    private static IHost Build(Action<ISiloBuilder> configure) => new HostBuilder().UseOrleans(silo =>
    {
        silo.Configure<GrainTypeOptions>(types => types.Classes.Clear());
        configure(silo);
    }).Build();
}
