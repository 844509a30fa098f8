namespace Rapid.Replay.Tables;

/// <summary>The newest stored sequence of each producer. Beyond its capacity it forgets the producer that has been idle longest.</summary>
internal sealed class ProducerLog(int capacity)
{
    private readonly Dictionary<string, LinkedListNode<(string Producer, ulong Sequence)>> _entries = [];
    private readonly LinkedList<(string Producer, ulong Sequence)> _byAge = new();

    /// <summary>Every producer with its newest sequence.</summary>
    public IReadOnlyDictionary<string, ulong> Newest => _byAge.ToDictionary(entry => entry.Producer, entry => entry.Sequence);

    /// <summary>Whether the producer's block of this sequence, or a later one, was stored.</summary>
    public bool Has(string producer, ulong sequence) => _entries.TryGetValue(producer, out var entry) && sequence <= entry.Value.Sequence;

    /// <summary>Notes a stored block.</summary>
    /// <returns>The producer that was forgotten for it, or null.</returns>
    public string? Remember(string producer, ulong sequence)
    {
        if (_entries.TryGetValue(producer, out var entry))
        {
            _byAge.Remove(entry);
            entry.Value = (producer, sequence);
            _byAge.AddLast(entry);
            return null;
        }

        string? forgotten = null;
        if (_entries.Count == capacity)
        {
            forgotten = _byAge.First!.Value.Producer;
            _byAge.RemoveFirst();
            _entries.Remove(forgotten);
        }

        _entries.Add(producer, _byAge.AddLast((producer, sequence)));
        return forgotten;
    }
}
