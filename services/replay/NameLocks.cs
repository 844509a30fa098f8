namespace Rapid.Replay;

/// <summary>A lock for each name: what takes long for one table keeps no other waiting.</summary>
internal sealed class NameLocks
{
    private readonly Dictionary<string, Entry> _entries = [];

    /// <summary>Waits for the lock of a name.</summary>
    /// <returns>Gives it back when it is disposed.</returns>
    public async Task<IDisposable> TakeAsync(string name, CancellationToken cancellation)
    {
        Entry? entry;
        lock (_entries)
        {
            if (!_entries.TryGetValue(name, out entry))
            {
                _entries.Add(name, entry = new Entry(this, name));
            }

            entry.Users++;
        }

        try
        {
            await entry.Gate.WaitAsync(cancellation);
            return entry;
        }
        catch
        {
            Leave(entry);
            throw;
        }
    }

    private void Leave(Entry entry)
    {
        lock (_entries)
        {
            if (--entry.Users == 0)
            {
                _entries.Remove(entry.Name);
                entry.Gate.Dispose();
            }
        }
    }

    private sealed class Entry(NameLocks locks, string name) : IDisposable
    {
        public SemaphoreSlim Gate { get; } = new(1);

        public string Name => name;

        /// <summary>Under the lock of all entries: who has it and who waits for it.</summary>
        public int Users { get; set; }

        public void Dispose()
        {
            Gate.Release();
            locks.Leave(this);
        }
    }
}
