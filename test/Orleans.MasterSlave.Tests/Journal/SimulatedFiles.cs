using Orleans.MasterSlave.Journal;

namespace Orleans.MasterSlave.Tests.Journal;

/// <summary>
/// A file system in memory that keeps only what was synced. <see cref="Crash"/> makes the one that a power failure leaves: of what was not synced,
/// each sector and each change of a name may or may not have reached the disk.
/// </summary>
internal sealed class SimulatedFiles : ILogFiles
{
    public const int SectorBytes = 512;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Content> _names = [];        // what a process sees
    private Dictionary<string, Content> _durableNames = [];          // what a sync of the directory confirmed
    private readonly List<Action<Dictionary<string, Content>>> _pendingNames = [];
    private readonly HashSet<string> _locked = [];

    public long Capacity { get; set; } = long.MaxValue;

    public ILogFile Create(string path)
    {
        lock (_gate)
        {
            if (_names.ContainsKey(path)) throw new IOException($"'{path}' exists.");
            var content = new Content();
            _names[path] = content;
            _pendingNames.Add(names => names[path] = content);
            return new OpenFile(this, path, content);
        }
    }

    public ILogFile Open(string path)
    {
        lock (_gate) return _names.TryGetValue(path, out var content) ? new OpenFile(this, path, content) : throw new FileNotFoundException(path);
    }

    public bool Exists(string path)
    {
        lock (_gate) return _names.ContainsKey(path);
    }

    public IReadOnlyList<string> List(string directory)
    {
        lock (_gate) return [.. _names.Keys.Where(path => Path.GetDirectoryName(path) == directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            if (_names.Remove(path)) _pendingNames.Add(names => names.Remove(path));
        }
    }

    public void Replace(string from, string to)
    {
        lock (_gate)
        {
            if (!_names.Remove(from, out var content)) throw new FileNotFoundException(from);
            _names[to] = content;
            _pendingNames.Add(names =>
            {
                names.Remove(from);
                names[to] = content;
            });
        }
    }

    public void CreateDirectory(string path)
    {
    }

    public void SyncDirectory(string path)
    {
        lock (_gate)
        {
            // All directories at once; a real one may confirm less, which the tests of the disk cover.
            _durableNames = new(_names);
            _pendingNames.Clear();
        }
    }

    public IDisposable Lock(string path)
    {
        lock (_gate)
        {
            if (!_locked.Add(path)) throw new LogDirectoryLockedException($"'{path}' is locked.");
            return new Unlock(this, path);
        }
    }

    /// <summary>
    /// A sync of the file fails, as on Linux: what was to be written counts as clean from here on, so the cache goes on showing it and no
    /// later sync writes it.
    /// </summary>
    public void FailSync(string path)
    {
        lock (_gate) _names[path].FailSync();
    }

    /// <summary>What is left after the power failed at this moment.</summary>
    public SimulatedFiles Crash(Random random)
    {
        lock (_gate)
        {
            var left = new SimulatedFiles { Capacity = Capacity };
            var names = new Dictionary<string, Content>(_durableNames);
            foreach (var change in _pendingNames.Take(random.Next(_pendingNames.Count + 1))) change(names);
            foreach (var (path, content) in names.OrderBy(pair => pair.Key, StringComparer.Ordinal)) left._names[path] = content.AfterCrash(random);
            left._durableNames = new(left._names);
            return left;
        }
    }

    /// <summary>A copy as a process that was killed leaves it: everything written is there.</summary>
    public SimulatedFiles Copy()
    {
        lock (_gate)
        {
            var copy = new SimulatedFiles { Capacity = Capacity };
            foreach (var (path, content) in _names) copy._names[path] = content.Clone();
            copy._durableNames = new(copy._names);
            return copy;
        }
    }

    /// <summary>Changes a file's bytes behind everybody's back.</summary>
    public void Alter(string path, Func<byte[], byte[]> change)
    {
        lock (_gate) _names[path].Set(change(_names[path].Bytes.ToArray()));
    }

    public byte[] ReadAll(string path)
    {
        lock (_gate) return _names[path].Bytes.ToArray();
    }

    /// <summary>The length of some files together, at one moment.</summary>
    public long BytesOf(Func<string, bool> which)
    {
        lock (_gate) return _names.Where(pair => which(pair.Key)).Sum(pair => (long)pair.Value.Bytes.Length);
    }

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate) return [.. _names.Keys.Order(StringComparer.Ordinal)];
        }
    }

    private long Used => _names.Values.Distinct().Sum(content => (long)content.Bytes.Length);

    private sealed class Content
    {
        private byte[] _durable = [];

        public byte[] Bytes { get; private set; } = [];
        private readonly SortedSet<long> _unsynced = [];

        public void Set(byte[] bytes) => (Bytes, _durable) = (bytes, bytes.ToArray());

        public Content Clone()
        {
            var clone = new Content();
            clone.Set(Bytes.ToArray());
            return clone;
        }

        public void Resize(long length)
        {
            var bytes = Bytes;
            Array.Resize(ref bytes, (int)length);
            Bytes = bytes;
        }

        public void Write(ReadOnlySpan<byte> from, long offset)
        {
            if (offset + from.Length > Bytes.Length) Resize(offset + from.Length);
            from.CopyTo(Bytes.AsSpan((int)offset));
            for (var sector = offset / SectorBytes; sector * SectorBytes < offset + from.Length; sector++) _unsynced.Add(sector);
        }

        public void Sync()
        {
            if (_durable.Length != Bytes.Length) Array.Resize(ref _durable, Bytes.Length);
            foreach (var sector in _unsynced) CopySector(sector, _durable);
            _unsynced.Clear();
        }

        public void FailSync() => _unsynced.Clear();

        public Content AfterCrash(Random random)
        {
            var bytes = _durable.ToArray();
            if (bytes.Length != Bytes.Length && random.Next(2) == 0) Array.Resize(ref bytes, Bytes.Length);
            foreach (var sector in _unsynced) if (random.Next(2) == 0) CopySector(sector, bytes);
            var content = new Content();
            content.Set(bytes);
            return content;
        }

        private void CopySector(long sector, byte[] to)
        {
            var start = (int)(sector * SectorBytes);
            var length = Math.Min(SectorBytes, Math.Min(Bytes.Length, to.Length) - start);
            if (length > 0) Bytes.AsSpan(start, length).CopyTo(to.AsSpan(start));
        }
    }

    private sealed class OpenFile(SimulatedFiles files, string path, Content content) : ILogFile
    {
        public string Path => path;

        public long Length
        {
            get
            {
                lock (files._gate) return content.Bytes.Length;
            }
        }

        public int Read(Span<byte> buffer, long offset)
        {
            lock (files._gate)
            {
                var from = content.Bytes.AsSpan((int)Math.Min(offset, content.Bytes.Length));
                from = from[..Math.Min(from.Length, buffer.Length)];
                from.CopyTo(buffer);
                return from.Length;
            }
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            lock (files._gate)
            {
                if (offset + bytes.Length > content.Bytes.Length && files.Used + offset + bytes.Length - content.Bytes.Length > files.Capacity)
                    throw new IOException("The simulated disk is full, and no room was reserved.");
                content.Write(bytes, offset);
            }
        }

        public void Reserve(long length)
        {
            lock (files._gate)
            {
                if (length <= content.Bytes.Length) return;
                if (files.Used + length - content.Bytes.Length > files.Capacity) throw new LogFullException("The simulated disk is full.");
                content.Resize(length);
            }
        }

        public void Truncate(long length)
        {
            lock (files._gate) content.Resize(length);
        }

        public void Sync()
        {
            lock (files._gate) content.Sync();
        }

        public void Dispose()
        {
        }
    }

    private sealed class Unlock(SimulatedFiles files, string path) : IDisposable
    {
        public void Dispose()
        {
            lock (files._gate) files._locked.Remove(path);
        }
    }
}
