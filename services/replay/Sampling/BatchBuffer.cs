using System.Runtime.InteropServices;
using Rapid.Protocol.V1;
using Rapid.Replay.Storage;

namespace Rapid.Replay.Sampling;

/// <summary>What one call has heard of a table besides items.</summary>
internal sealed class BatchNews
{
    /// <summary>Position in the table's <see cref="Tables.EpisodeLog"/>.</summary>
    public long Episodes { get; set; }

    /// <summary>Broken environments that were reported.</summary>
    public ulong Broken { get; set; }
}

/// <summary>A batch in the making: the message that is sent, over and over, and the memory that it refers to. Not thread-safe.</summary>
internal sealed class BatchBuffer(int count, BatchNews news)
{
    /// <summary>What each item takes besides its columns: id, probability, pick.</summary>
    public const int BytesPerItem = 40;

    private double[] _probabilities = [];
    private PlacedPick[] _placed = [];
    private readonly List<int> _again = [];
    private List<Pick> _cold = [];
    private BatchColumn? _weights;
    private int _placedCount;

    /// <summary>Items of the batch.</summary>
    public int Count => count;

    /// <summary>What its call has heard.</summary>
    public BatchNews News => news;

    /// <summary>The message, complete once nothing is missing.</summary>
    public SampleReply Reply { get; } = new() { Batch = new SampledBatch() };

    /// <summary>Null until the table's layout is known.</summary>
    public Gather? Gather { get; private set; }

    /// <summary>Whether blocks must come from the store first.</summary>
    public bool IsIncomplete => _cold.Count > 0 || _again.Count > 0;

    /// <summary>Positions whose block has gone before it was read.</summary>
    public List<int> Again => _again;

    /// <summary>Bytes that were counted for it.</summary>
    public long Reserved { get; private set; }

    /// <summary>Takes the memory for batches of a table, of which it is known by now that they are possible.</summary>
    /// <param name="layout">Of its blocks.</param>
    /// <param name="definition">Its definition.</param>
    /// <param name="isWeighted">Whether its batches have importance weights.</param>
    /// <param name="reserved">Bytes that were counted.</param>
    public void Bind(BlockLayout layout, TableDefinition definition, bool isWeighted, long reserved)
    {
        Reserved = reserved;
        (_probabilities, _placed) = (new double[count], new PlacedPick[count]);
        Gather = Gather.Create(layout, definition, count);
        Reply.Batch.Columns.AddRange(Gather.Columns.Select(column => column.Message));
        if (isWeighted)
        {
            _weights = new BatchColumn(BatchColumns.Weights, DataType.Float32, count);
            Reply.Batch.Columns.Add(_weights.Message);
        }

        for (var i = 0; i < count; i++)
        {
            Reply.Batch.Ids.Add(0);
        }
    }

    public void Begin()
    {
        _placedCount = 0;
        _cold.Clear();
        _again.Clear();
        Gather!.Begin();
    }

    /// <summary>An item was drawn.</summary>
    /// <param name="pick">The item.</param>
    /// <param name="id">Its id.</param>
    /// <param name="share">Its probability times the number of items.</param>
    /// <param name="place">Where its block is in memory; -1 when it is not.</param>
    public void Add(Pick pick, ulong id, double share, int place)
    {
        Reply.Batch.Ids[pick.Position] = id;
        _probabilities[pick.Position] = share;
        if (place < 0)
        {
            _cold.Add(pick);
        }
        else
        {
            Place(pick, place);
        }
    }

    /// <summary>An item's block is in memory.</summary>
    public void Place(Pick pick, int place) => _placed[_placedCount++] = new PlacedPick(pick.Position, place, pick.Index);

    /// <summary>Copies what was placed.</summary>
    public void Copy(ColumnRing ring)
    {
        Gather!.Copy(ring, _placed.AsSpan(0, _placedCount));
        _placedCount = 0;
    }

    /// <summary>Items whose blocks must come from the store; those that are added from now on are others.</summary>
    public List<Pick> TakeCold()
    {
        var cold = _cold;
        _cold = [];
        return cold;
    }

    /// <summary>Every item was copied.</summary>
    /// <param name="exponent">beta: weight = (1 / share)^beta over the greatest of the batch (Schaul et al. 2016, section 3.4).</param>
    public void Complete(double exponent)
    {
        Gather!.End();
        if (_weights is null)
        {
            return;
        }

        var weights = MemoryMarshal.Cast<byte, float>(_weights.Bytes);
        var lowest = double.MaxValue;
        foreach (var share in _probabilities)
        {
            lowest = Math.Min(lowest, share);
        }

        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = (float)Math.Pow(lowest / _probabilities[i], exponent);
        }
    }
}
