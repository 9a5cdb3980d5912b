using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Bank.Network;

/// <summary>Has a silo or client open its connections through the switch.</summary>
internal static class SwitchedConnections
{
    /// <summary>Wraps every way to connect that Orleans has registered.</summary>
    public static void Use(IServiceCollection services, int switchPort, int party)
    {
        var ways = services.Where(service => service.ServiceType == typeof(IConnectionFactory) && service.IsKeyedService).ToList();
        if (ways.Count == 0) throw new InvalidOperationException("Orleans registers no way to connect: nothing would go through the switch.");
        foreach (var way in ways)
        {
            services.Remove(way);
            services.AddKeyedSingleton<IConnectionFactory>(way.ServiceKey, (provider, key) => new Factory(Inner(way, provider, key), switchPort, party));
        }
    }

    private static IConnectionFactory Inner(ServiceDescriptor way, IServiceProvider provider, object? key) =>
        (IConnectionFactory)(way.KeyedImplementationInstance
            ?? way.KeyedImplementationFactory?.Invoke(provider, key)
            ?? ActivatorUtilities.CreateInstance(provider, way.KeyedImplementationType!));

    private sealed class Factory(IConnectionFactory inner, int switchPort, int party) : IConnectionFactory
    {
        private readonly IPEndPoint _switch = new(IPAddress.Loopback, switchPort);

        public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var connection = await inner.ConnectAsync(_switch, cancellationToken);
            try
            {
                await OpenAsync(connection, ((IPEndPoint)endpoint).Port, cancellationToken);
                return connection;
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }

        private async Task OpenAsync(ConnectionContext connection, int port, CancellationToken cancellation)
        {
            var hello = new byte[SwitchHello.Length];
            new SwitchHello(party, port).Write(hello);
            await connection.Transport.Output.WriteAsync(hello, cancellation);
            var answer = await connection.Transport.Input.ReadAsync(cancellation);
            if (answer.Buffer.IsEmpty) throw new ConnectionAbortedException($"Port {port} refuses connections.");
            connection.Transport.Input.AdvanceTo(answer.Buffer.GetPosition(1)); // the rest is for whoever gets the connection
        }
    }
}
