using Orleans.MasterSlave.Contracts;

namespace Orleans.MasterSlave.Filters;

/// <summary>
/// What is said of one copy of an operation that filters brought to the core more than once: one that tries again after a failure does. It was
/// taken if it was taken once, whatever the core says later; a reply that denies it would tell the caller that nothing was executed (W8).
/// </summary>
internal static class FilteredReply
{
    /// <param name="before">What was said before; null: nothing.</param>
    /// <param name="next">What the core says now.</param>
    public static CallReply After(CallReply? before, CallReply next) =>
        before is { Kind: ReplyKind.Answered or ReplyKind.Unknown } && Denies(next) ? Unknown(next) : next;

    /// <summary>The operation was executed, or will be, and filters refused this copy of it: asked again, they may let its answer through.</summary>
    public static CallReply Unknown(CallReply said, string? message = null) =>
        new() { Kind = ReplyKind.Unknown, Message = message ?? said.Message, View = said.View, Birth = said.Birth };

    private static bool Denies(CallReply reply) => reply.Kind is not (ReplyKind.Answered or ReplyKind.Unknown);
}
