namespace Orleans.MasterSlave.LogBenchmarks.Contenders;

/// <summary>A log that is measured.</summary>
internal interface IContender : IAsyncDisposable
{
    /// <summary>Appends one entry and completes when it is on the disk. Each writer waits for its own append before the next.</summary>
    ValueTask AppendAsync(int writer);
}
