using Rapid.Core;

namespace Rapid.Benchmarks;

/// <summary>
/// The same transitions in plain arrays, and a plain loop that copies a batch of them: what sampling cannot do without. Rows lie as in a
/// table: after every block of steps comes one more row of observations for each environment.
/// </summary>
internal sealed class BareTable(int rows, int blockRows, int environments, int observationSize, int actionSize, int batch, ulong seed)
{
    private readonly float[] _observations = new float[(rows + (long)rows / blockRows * environments) * observationSize];
    private readonly float[] _actions = new float[rows * actionSize], _rewards = new float[rows];
    private readonly byte[] _terminated = new byte[rows], _truncated = new byte[rows];
    private readonly float[] _batchObservations = new float[batch * observationSize], _batchNext = new float[batch * observationSize];
    private readonly float[] _batchActions = new float[batch * actionSize], _batchRewards = new float[batch];
    private readonly byte[] _batchTerminated = new byte[batch], _batchTruncated = new byte[batch];
    private readonly RandomStream _random = new(seed);

    /// <summary>Touches every page.</summary>
    public void Fill()
    {
        _observations.AsSpan().Fill(1);
        _actions.AsSpan().Fill(1);
        _rewards.AsSpan().Fill(1);
        _terminated.AsSpan().Fill(1);
        _truncated.AsSpan().Fill(1);
    }

    /// <summary>The rows that a table with this seed draws.</summary>
    public int[] Indices(int batches)
    {
        var indices = new int[batches * batch];
        for (var i = 0; i < indices.Length; i++)
        {
            indices[i] = _random.NextIndex(rows);
        }

        return indices;
    }

    public void Gather(ReadOnlySpan<int> indices)
    {
        for (var i = 0; i < indices.Length; i++)
        {
            var row = indices[i];
            var observation = row + row / blockRows * environments;
            _observations.AsSpan(observation * observationSize, observationSize).CopyTo(_batchObservations.AsSpan(i * observationSize));
            _observations.AsSpan((observation + environments) * observationSize, observationSize)
                .CopyTo(_batchNext.AsSpan(i * observationSize));
            _actions.AsSpan(row * actionSize, actionSize).CopyTo(_batchActions.AsSpan(i * actionSize));
            _batchRewards[i] = _rewards[row];
            _batchTerminated[i] = _terminated[row];
            _batchTruncated[i] = _truncated[row];
        }
    }
}
