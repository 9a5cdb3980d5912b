using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Filters;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>A filter that tries again brings one copy of an operation to the core twice; between them the replica may lose its office (W8).</summary>
public sealed class FilteredReplyTests
{
    public static TheoryData<string?, string, string> Said => new()
    {
        { null, "Answered", "Answered" }, { null, "Unknown", "Unknown" }, { null, "Redirected", "Redirected" }, { null, "NotTaken", "NotTaken" }, { null, "Refused", "Refused" },
        { "Unknown", "Answered", "Answered" }, { "Unknown", "Unknown", "Unknown" },
        { "Unknown", "Redirected", "Unknown" }, { "Unknown", "NotTaken", "Unknown" }, { "Unknown", "Refused", "Unknown" },
        { "Answered", "Redirected", "Unknown" }, { "Answered", "NotTaken", "Unknown" }, { "Answered", "Refused", "Unknown" }, { "Answered", "Answered", "Answered" },
        { "Redirected", "NotTaken", "NotTaken" }, { "Refused", "Redirected", "Redirected" }, { "NotTaken", "Answered", "Answered" },
    };

    [Theory, MemberData(nameof(Said))]
    public void CopyThatWasTakenOnce_IsNeverDenied(string? before, string next, string expected) =>
        Assert.Equal(expected, $"{FilteredReply.After(before is null ? null : Reply(before), Reply(next)).Kind}");

    private static CallReply Reply(string kind) => new() { Kind = Enum.Parse<ReplyKind>(kind) };
}
