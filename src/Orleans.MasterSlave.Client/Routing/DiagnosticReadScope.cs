namespace Orleans.MasterSlave.Routing;

/// <summary>Pins the reads of this flow of control to one replica.</summary>
internal static class DiagnosticReadScope
{
    private static readonly AsyncLocal<SiloAddress?> Ambient = new();

    public static SiloAddress? Current => Ambient.Value;

    public static async Task<T> RunAsync<T>(SiloAddress silo, Func<Task<T>> read)
    {
        Ambient.Value = silo; // undone with this async method's own context
        return await read();
    }
}
