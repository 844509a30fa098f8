namespace Rapid.Replay.Sampling;

/// <summary>An item of a batch that is being made.</summary>
/// <param name="Position">Which of the batch.</param>
/// <param name="Slot">Which slot of the table holds its block.</param>
/// <param name="Index">Which of the block's items.</param>
/// <param name="Block">The block's id, since its slot may get another before it is read.</param>
internal readonly record struct Pick(int Position, int Slot, int Index, ulong Block);

/// <summary>An item whose block is in memory.</summary>
/// <param name="Position">Which of the batch.</param>
/// <param name="Place">Which place of the ring holds its block.</param>
/// <param name="Index">Which of the block's items.</param>
internal readonly record struct PlacedPick(int Position, int Place, int Index);
