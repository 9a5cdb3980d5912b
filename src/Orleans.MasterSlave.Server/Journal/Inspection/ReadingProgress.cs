namespace Orleans.MasterSlave.Journal;

/// <summary>How far the reading of a log directory is, told about once a second. What is read in less is read in silence.</summary>
/// <param name="time">Tells when a second is over.</param>
/// <param name="tell">Shows it.</param>
internal sealed class ReadingProgress(TimeProvider time, Action<ReadingProgress> tell)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private long _told = time.GetTimestamp();

    /// <summary>Name of the file that was read from last; empty when none was yet.</summary>
    public string File { get; private set; } = "";

    /// <summary>Bytes read from all files. What is read again, because a running silo changed it meanwhile, counts again.</summary>
    public long Bytes { get; private set; }

    /// <summary>Sound records found in segments.</summary>
    public long Records { get; private set; }

    public void OnRead(string path, int bytes)
    {
        File = Path.GetFileName(path);
        Bytes += bytes;
        TellWhenDue();
    }

    public void OnRecord()
    {
        Records++;
        TellWhenDue();
    }

    private void TellWhenDue()
    {
        if (time.GetElapsedTime(_told) < Interval) return;
        tell(this);
        _told = time.GetTimestamp();
    }
}
