using System.Numerics;

namespace Rapid.Replay.Selection;

/// <summary>
/// Weights in the leaves of a binary tree whose nodes hold the sum of their children, so that a leaf is found by its share of the total in
/// log2(leaves) steps. A sum is always computed from its two children anew: rounding does not accumulate.
/// </summary>
internal sealed class SumTree
{
    private readonly double[] _nodes;
    private readonly int _leaves;

    public SumTree(long leaves)
    {
        _leaves = (int)Rounded(leaves);
        _nodes = new double[2 * _leaves];
    }

    /// <summary>The most leaves that a tree can have.</summary>
    public static long MostLeaves => 1 << 29;

    public double Total => _nodes[1];

    public double this[int leaf] => _nodes[_leaves + leaf];

    /// <summary>Bytes that a tree of so many leaves takes.</summary>
    public static long BytesFor(long leaves) => 2 * sizeof(double) * Rounded(leaves);

    /// <summary>The sum over a range whose length is a power of two and that starts at a multiple of its length.</summary>
    public double SumOf(int start, int length) => _nodes[(_leaves + start) / length];

    public void Set(int leaf, double weight)
    {
        var node = _leaves + leaf;
        _nodes[node] = weight;
        while ((node >>= 1) > 0)
        {
            _nodes[node] = _nodes[2 * node] + _nodes[2 * node + 1];
        }
    }

    /// <summary>Gives a range of leaves their weights, touching every node above them once.</summary>
    public void SetRange(int start, ReadOnlySpan<double> weights)
    {
        var (first, last) = (_leaves + start, _leaves + start + weights.Length - 1);
        weights.CopyTo(_nodes.AsSpan(first));
        while ((first >>= 1) > 0)
        {
            last >>= 1;
            for (var node = first; node <= last; node++)
            {
                _nodes[node] = _nodes[2 * node] + _nodes[2 * node + 1];
            }
        }
    }

    /// <summary>The leaf at which the running sum of weights passes a value in [0, total). Never one of weight 0, unless all are.</summary>
    public int Find(double sum)
    {
        var node = 1;
        while (node < _leaves)
        {
            node *= 2;
            var left = _nodes[node];
            if (sum >= left && _nodes[node + 1] > 0)
            {
                sum -= left;
                node++;
            }
        }

        return node - _leaves;
    }

    private static long Rounded(long leaves) => (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(leaves, 1));
}
