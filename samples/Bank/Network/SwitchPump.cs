using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Bank.Network;

/// <summary>Carries one direction of one connection. What it holds during a cut is as much as fits; then the sender's own buffers fill.</summary>
internal static class SwitchPump
{
    private const int ChunkBytes = 64 * 1024;
    private const int MostChunks = 64;

    /// <summary>Ends when both sockets are of no more use to this direction; breaks the whole link off when one of them was reset.</summary>
    /// <param name="from">What is read.</param>
    /// <param name="to">What is written.</param>
    /// <param name="wire">The direction.</param>
    /// <param name="back">The other direction, by which the sender would learn that nobody takes what it sends.</param>
    /// <param name="link">Ends both directions.</param>
    public static async Task RunAsync(Socket from, Socket to, Wire wire, Wire back, CancellationTokenSource link)
    {
        var chunks = Channel.CreateBounded<Chunk>(new BoundedChannelOptions(MostChunks) { SingleReader = true, SingleWriter = true });
        var reading = ReadAsync(from, chunks.Writer, link.Token);
        var reset = true;
        try
        {
            await foreach (var chunk in chunks.Reader.ReadAllAsync(link.Token)) await DeliverAsync(to, chunk, wire, link.Token);
            reset = await reading;
            // News of the end, too, does not pass a cut.
            await PassAsync(Stopwatch.GetTimestamp(), wire, link.Token);
            if (!reset) to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            await PassAsync(Stopwatch.GetTimestamp(), back, link.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            reset = true;
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            reset = true;
        }
        if (!reset) return;
        // The end that is left hears of it at once, as of a process that died.
        from.LingerState = to.LingerState = new LingerOption(true, 0);
        await link.CancelAsync();
    }

    /// <returns>Whether the connection was broken off, not ended.</returns>
    private static async Task<bool> ReadAsync(Socket from, ChannelWriter<Chunk> chunks, CancellationToken end)
    {
        try
        {
            while (true)
            {
                var buffer = new byte[ChunkBytes];
                var count = await from.ReceiveAsync(buffer, end);
                if (count == 0) return false;
                await chunks.WriteAsync(new Chunk(buffer.AsMemory(0, count), Stopwatch.GetTimestamp()), end);
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return true;
        }
        finally
        {
            chunks.Complete();
        }
    }

    private static async Task DeliverAsync(Socket to, Chunk chunk, Wire wire, CancellationToken end)
    {
        await PassAsync(chunk.ReadAt, wire, end);
        for (var sent = 0; sent < chunk.Bytes.Length;) sent += await to.SendAsync(chunk.Bytes[sent..], end);
    }

    private static async Task PassAsync(long readAt, Wire wire, CancellationToken end)
    {
        if (wire.Delay - Stopwatch.GetElapsedTime(readAt) is { Ticks: > 0 } wait) await Task.Delay(wait, end);
        while (wire.IsCut)
        {
            var held = Stopwatch.GetTimestamp();
            await wire.WaitUntilWholeAsync(end);
            await Task.Delay(Retransmission.WaitAfter(Stopwatch.GetElapsedTime(held)), end);
        }
    }

    private readonly record struct Chunk(ReadOnlyMemory<byte> Bytes, long ReadAt);
}
