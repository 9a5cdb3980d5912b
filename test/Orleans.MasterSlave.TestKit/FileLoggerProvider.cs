using Microsoft.Extensions.Logging;

namespace Orleans.MasterSlave.TestKit;

/// <summary>Appends log lines of several silos to one file, to look at a failed test.</summary>
public sealed class FileLoggerProvider(string path, string source) : ILoggerProvider
{
    private static readonly Lock Gate = new();

    public ILogger CreateLogger(string categoryName) => new FileLogger(path, source, categoryName);

    public void Dispose()
    {
    }

    private sealed class FileLogger(string path, string source, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= (category.StartsWith("Orleans.MasterSlave", StringComparison.Ordinal) ? LogLevel.Debug : LogLevel.Warning);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            lock (Gate) File.AppendAllText(path, $"{DateTime.UtcNow:HH:mm:ss.fff} {source} {logLevel} {category} {formatter(state, exception)} {exception}\n");
        }
    }
}
