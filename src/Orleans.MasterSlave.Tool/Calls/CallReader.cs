using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.MasterSlave.Contracts;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.MasterSlave.Tool.Calls;

/// <summary>An operation as its caller wrote it.</summary>
internal sealed record ReadCall(string Interface, string Method, IReadOnlyList<JsonElement> Arguments)
{
    public override string ToString() => $"{Interface}.{Method}({string.Join(", ", Arguments.Select(argument => argument.GetRawText()))})";
}

/// <summary>Reads payloads with the serializer of a client that is never started.</summary>
internal sealed class CallReader : IDisposable
{
    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for a terminal, not for a page
    };

    private readonly IHost? _client;
    private readonly CallSerializer? _calls;

    /// <param name="assemblies">Where the types are; with none, no payload can be read.</param>
    public CallReader(IReadOnlyCollection<string> assemblies)
    {
        if (assemblies.Count == 0) return;
        var loaded = new GrainAssemblies(assemblies);
        _client = new HostBuilder()
            .ConfigureLogging(logging => logging.ClearProviders())
            .UseOrleansClient(client => client.UseLocalhostClustering().AddMasterSlave())
            .ConfigureServices(services => services.AddSerializer(serializer =>
            {
                foreach (var assembly in loaded.Assemblies) serializer.AddAssembly(assembly);
            }))
            .Build();
        _calls = _client.Services.GetRequiredService<CallSerializer>();
    }

    /// <summary>Reads a payload; null, with the reason, when its types are not at hand or are not what was written.</summary>
    public ReadCall? TryRead(byte[] payload, out string? reason)
    {
        reason = null;
        if (_calls is null) return null;
        try
        {
            using var request = _calls.Deserialize(payload).Request;
            return new ReadCall(
                request.GetInterfaceName(),
                request.GetMethodName(),
                [.. Enumerable.Range(0, request.GetArgumentCount()).Select(i => ToJson(request.GetArgument(i)))]);
        }
        catch (Exception ex)
        {
            // The user's own types take part, and may throw whatever they like. The bytes are shown instead, with what was thrown.
            reason = $"{ex.GetType().Name}: {ex.Message}";
            return null;
        }
    }

    public void Dispose() => _client?.Dispose();

    private static JsonElement ToJson(object? argument)
    {
        if (argument is IAddressable reference) argument = reference.GetGrainId().ToString();
        try
        {
            return JsonSerializer.SerializeToElement(argument, argument?.GetType() ?? typeof(object), Json);
        }
        catch (Exception ex) when (ex is NotSupportedException or JsonException or InvalidOperationException)
        {
            return JsonSerializer.SerializeToElement(argument!.ToString(), Json);
        }
    }
}
