using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Orleans.MasterSlave.ClusterTests.Replication;

/// <summary>What replicas tell an operator: the warnings of the library, in order.</summary>
public sealed class ReportedWarnings : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _messages = [];

    public IReadOnlyCollection<string> Messages => _messages;

    public ILogger CreateLogger(string categoryName) => new Log(this, categoryName.StartsWith("Orleans.MasterSlave", StringComparison.Ordinal));

    public void Dispose()
    {
    }

    private sealed class Log(ReportedWarnings to, bool isOurs) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => isOurs && logLevel >= LogLevel.Warning;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) to._messages.Enqueue(formatter(state, exception));
        }
    }
}
