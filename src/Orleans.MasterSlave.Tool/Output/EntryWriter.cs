using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orleans.MasterSlave.Commit;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Journal;
using Orleans.MasterSlave.Tool.Calls;

namespace Orleans.MasterSlave.Tool.Output;

/// <summary>Writes an entry as a line of text or of JSON.</summary>
internal sealed class EntryWriter(TextWriter output, CallReader calls, bool json)
{
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="group">Whose entry it is.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="file">Name of the file that it lies in.</param>
    /// <param name="offset">Where in the file; null where that is of no use.</param>
    /// <param name="confirmed">False when it may never have become durable.</param>
    public void Write(GroupId group, LogEntry entry, string file, long? offset, bool confirmed)
    {
        string? reason = null;
        var call = entry.Kind == EntryKind.Operation ? calls.TryRead(entry.Payload, out reason) : null;
        if (json) WriteJson(group, entry, file, offset, confirmed, call, reason);
        else WriteText(group, entry, confirmed, call, reason);
    }

    /// <summary>Writes a record that is no entry.</summary>
    public void WriteOther(GroupId group, string what, LogPosition position, string file, long offset, bool confirmed)
    {
        if (!json)
        {
            output.WriteLine($"{group}  {position}  {what}{(confirmed ? "" : "  unconfirmed")}");
            return;
        }

        WriteObject(writer => WriteHead(writer, group, what, position, file, offset, confirmed));
    }

    private void WriteText(GroupId group, LogEntry entry, bool confirmed, ReadCall? call, string? reason)
    {
        var line = new StringBuilder($"{group}  {entry.Position}  {entry.TimeUtc:O}  {NameOf(entry.Kind)}");
        if (!entry.Request.IsNone) line.Append($"  request {entry.Request.Client}/{entry.Request.Sequence}");
        if (call is not null) line.Append($"  {call}");
        else if (VersionOf(entry) is { } version) line.Append($"  application \"{version.Application}\"  library \"{version.Library}\"");
        else if (IsShown(entry)) line.Append($"  {entry.Payload.Length} bytes {Convert.ToHexStringLower(entry.Payload)}");
        if (reason is not null) line.Append($"  (not readable: {reason.ReplaceLineEndings(" ")})");
        if (!confirmed) line.Append("  unconfirmed");
        output.WriteLine(line.ToString());
    }

    private void WriteJson(GroupId group, LogEntry entry, string file, long? offset, bool confirmed, ReadCall? call, string? reason) => WriteObject(writer =>
    {
        WriteHead(writer, group, NameOf(entry.Kind), entry.Position, file, offset, confirmed);
        writer.WriteString("timeUtc", entry.TimeUtc.ToString("O"));
        writer.WriteNumber("dataLossCount", entry.DataLossCount);
        if (!entry.Request.IsNone)
        {
            writer.WriteString("client", entry.Request.Client);
            writer.WriteNumber("sequence", entry.Request.Sequence);
            writer.WriteNumber("answeredThrough", entry.AnsweredThrough);
        }

        if (call is not null)
        {
            writer.WriteString("interface", call.Interface);
            writer.WriteString("method", call.Method);
            writer.WriteStartArray("arguments");
            foreach (var argument in call.Arguments) argument.WriteTo(writer);
            writer.WriteEndArray();
        }
        else if (VersionOf(entry) is { } version)
        {
            writer.WriteString("application", version.Application);
            writer.WriteString("library", version.Library);
        }
        else if (IsShown(entry))
        {
            writer.WriteNumber("payloadBytes", entry.Payload.Length);
            writer.WriteString("payload", Convert.ToHexStringLower(entry.Payload));
        }

        if (reason is not null) writer.WriteString("notReadable", reason);
    });

    private static void WriteHead(Utf8JsonWriter writer, GroupId group, string kind, LogPosition position, string file, long? offset, bool confirmed)
    {
        writer.WriteString("group", group.ToString());
        writer.WriteNumber("epoch", position.Epoch.Value);
        writer.WriteNumber("index", position.Index.Value);
        writer.WriteString("kind", kind);
        writer.WriteString("file", file);
        if (offset is { } at) writer.WriteNumber("offset", at);
        if (!confirmed) writer.WriteBoolean("unconfirmed", true);
    }

    private void WriteObject(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, JsonOptions))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    /// <summary>A barrier holds the key of all that its mastership's operations draw: of its payload only this is shown, and nothing of one that cannot be read.</summary>
    private static CodeVersion? VersionOf(LogEntry entry)
    {
        if (entry.Kind != EntryKind.Barrier) return null;
        try
        {
            return BarrierContent.Of(entry).Version;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            return null;
        }
    }

    private static bool IsShown(LogEntry entry) => entry.Kind != EntryKind.Barrier && entry.Payload.Length > 0;

    private static string NameOf(EntryKind kind) => kind switch
    {
        EntryKind.Operation => "operation",
        EntryKind.Barrier => "barrier",
        EntryKind.Skip => "skip",
        EntryKind.Import => "import",
        _ => $"kind {(byte)kind}",
    };
}
