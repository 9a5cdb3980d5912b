using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Bank.Cluster;

/// <summary>Writes the client's log to a file: the console belongs to the screen.</summary>
internal sealed class TextLogProvider(string path) : ILoggerProvider
{
    private readonly StreamWriter _writer = new(path, append: true) { AutoFlush = true };

    public ILogger CreateLogger(string categoryName) => new TextLogger(categoryName, _writer);

    public void Dispose() => _writer.Dispose();

    private sealed class TextLogger(string category, StreamWriter writer) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel} {category}: {formatter(state, exception)} {exception}");
            lock (writer) writer.WriteLine(line);
        }
    }
}
