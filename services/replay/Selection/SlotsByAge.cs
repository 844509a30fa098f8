namespace Rapid.Replay.Selection;

/// <summary>The slots that hold a block, from the oldest to the newest. Not thread-safe.</summary>
internal sealed class SlotsByAge(int slots)
{
    /// <summary>No slot.</summary>
    public const int None = -1;

    /// <summary>Bytes that this takes.</summary>
    public const int BytesPerSlot = 2 * sizeof(int);

    private readonly int[] _older = new int[slots], _newer = new int[slots];

    /// <summary><see cref="None"/> when all are empty.</summary>
    public int Oldest { get; private set; } = None;

    /// <summary><see cref="None"/> when all are empty.</summary>
    public int Newest { get; private set; } = None;

    /// <summary>The slot whose block came before; <see cref="None"/> for the oldest.</summary>
    public int OlderThan(int slot) => _older[slot];

    /// <summary>The newest block came into a slot.</summary>
    public void Add(int slot)
    {
        (_older[slot], _newer[slot]) = (Newest, None);
        if (Newest == None)
        {
            Oldest = slot;
        }
        else
        {
            _newer[Newest] = slot;
        }

        Newest = slot;
    }

    /// <summary>A slot was emptied.</summary>
    public void Remove(int slot)
    {
        var (older, newer) = (_older[slot], _newer[slot]);
        if (older == None)
        {
            Oldest = newer;
        }
        else
        {
            _newer[older] = newer;
        }

        if (newer == None)
        {
            Newest = older;
        }
        else
        {
            _older[newer] = older;
        }
    }
}
