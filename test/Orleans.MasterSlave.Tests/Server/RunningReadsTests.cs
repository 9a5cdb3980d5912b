using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Shell;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>Copies of one read at one replica (R5).</summary>
public sealed class RunningReadsTests
{
    private static readonly RequestId Call = new(Guid.Parse("11111111-1111-1111-1111-111111111111"), 1);
    private readonly RunningReads _reads = new();
    private readonly TaskCompletionSource<CallReply> _end = new();
    private int _executed;

    [Fact]
    public async Task Copy_JoinsTheReadThatRuns_AndAQuestionIsAnsweredWithYes()
    {
        var first = _reads.RunAsync(Read(Call), Slow);
        var copy = _reads.RunAsync(Read(Call), Slow);
        Assert.True((await _reads.RunAsync(Read(Call).Question(), Position)).IsRunning);
        Assert.False((await _reads.RunAsync(Read(Call with { Sequence = 2 }).Question(), Position)).IsRunning);
        Assert.False((await _reads.RunAsync(ReadRequest.Ping(GroupBirth.None), Position)).IsRunning);
        var answer = new CallReply { Kind = ReplyKind.Answered, Payload = [1] };
        _end.SetResult(answer);
        Assert.Same(answer, await first);
        Assert.Same(answer, await copy);
        Assert.Equal(1, _executed);
        Assert.False((await _reads.RunAsync(Read(Call).Question(), Position)).IsRunning);
    }

    [Fact]
    public async Task OtherReads_AndThoseWithoutAName_RunBesideEachOther()
    {
        Task<CallReply>[] reads = [.. new[] { Call, Call with { Sequence = 2 }, RequestId.None, RequestId.None }.Select(call => _reads.RunAsync(Read(call), Slow))];
        Assert.Equal(4, _executed);
        _end.SetException(new InvalidOperationException("it ends so"));
        foreach (var read in reads) await Assert.ThrowsAsync<InvalidOperationException>(() => read);
        Assert.False((await _reads.RunAsync(Read(Call).Question(), Position)).IsRunning);
    }

    private static ReadRequest Read(RequestId call) => new() { Payload = [1], Token = SessionToken.None, MasterOnly = false, Call = call };

    private Task<CallReply> Slow(ReadRequest request)
    {
        _executed++;
        return _end.Task;
    }

    private static Task<CallReply> Position(ReadRequest request) => Task.FromResult(new CallReply { Kind = ReplyKind.Answered });
}
