using System.Text.RegularExpressions;
using Orleans.MasterSlave.Diagnostics;
using Orleans.MasterSlave.TestKit;
using Xunit;

namespace Orleans.MasterSlave.Tests.Diagnostics;

public sealed class DiscardedTests
{
    [Fact]
    public void Observe_ReportsWhatFails_AndNothingElse()
    {
        var reported = new List<Exception>();
        var failing = new TaskCompletionSource();
        Discarded.Observe(failing.Task, reported.Add);
        Discarded.Observe(Task.CompletedTask, reported.Add);
        Discarded.Observe(Task.FromException(new IOException("at once")), reported.Add);
        failing.SetException(new IOException("later"));
        Assert.Equal(["at once", "later"], reported.Select(e => e.Message));
    }

    /// <summary>Tasks that nobody awaits report through <see cref="Discarded"/>: the server discards them nowhere else.</summary>
    [Fact]
    public void Server_DiscardsNoTask_PastTheOnePlace()
    {
        var discards = new Regex(@"^\s*(?:if \(.*\) |else |case .*: )?_ = [\w.]*(?:Async|Task\.\w+|ContinueWith)\(|\)\s_ = [\w.]*Async\(|=> _ = [\w.]*Async\(", RegexOptions.Multiline);
        var server = Path.Combine(SourceTree.Root(), "src", "Orleans.MasterSlave.Server");
        var found = Directory.EnumerateFiles(server, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith("Discarded.cs", StringComparison.Ordinal) && !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => discards.Matches(File.ReadAllText(file)).Select(match => $"{Path.GetFileName(file)}: {match.Value.Trim()}"));
        Assert.Empty(found);
    }
}
