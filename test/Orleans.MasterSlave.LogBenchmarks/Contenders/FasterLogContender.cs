using FASTER.core;

namespace Orleans.MasterSlave.LogBenchmarks.Contenders;

/// <summary>
/// FasterLog with its default device and sizes: writers enqueue and wait for the commit of their address, and one thread commits whenever something is
/// there, again as soon as the commit before is done. So its group commit forms as ours does, and no writer waits for a timer.
/// </summary>
internal sealed class FasterLogContender : IContender
{
    private readonly FasterLogSettings _settings;
    private readonly FasterLog _log;
    private readonly byte[] _payload;
    private readonly AutoResetEvent _enqueued = new(false);
    private readonly Thread _committer;
    private volatile bool _stopping;

    /// <param name="path">Its folder.</param>
    /// <param name="fastCommit">True: a commit is a record in the log; false, its default: a file of metadata is written for each.</param>
    /// <param name="payload">What is appended.</param>
    public FasterLogContender(string path, bool fastCommit, byte[] payload)
    {
        _payload = payload;
        _settings = new FasterLogSettings(path) { FastCommitMode = fastCommit };
        _log = new FasterLog(_settings);
        _committer = new Thread(Commit) { IsBackground = true };
        _committer.Start();
    }

    public async ValueTask AppendAsync(int writer)
    {
        var address = await _log.EnqueueAsync(_payload);
        _enqueued.Set();
        await _log.WaitForCommitAsync(address);
    }

    public ValueTask DisposeAsync()
    {
        _stopping = true;
        _enqueued.Set();
        _committer.Join();
        _log.Dispose();
        _settings.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Commit()
    {
        while (!_stopping)
        {
            _enqueued.WaitOne();
            _log.Commit(spinWait: true);
        }
    }
}
