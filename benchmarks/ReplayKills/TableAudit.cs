using System.Security.Cryptography;
using Google.Protobuf;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>
/// Whether a table from which nothing was evicted still holds all that it once held. Actors send a block when the one before it was
/// acknowledged: where the blocks of each producer are 1, 2, 3, ... without a gap, every acknowledged block is there.
/// </summary>
internal sealed class TableAudit
{
    private readonly Dictionary<string, List<string>> _seen = [];
    private readonly List<string> _problems = [];

    /// <summary>What was wrong so far.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>How often it looked.</summary>
    public int Looks { get; private set; }

    /// <summary>Blocks seen, each once.</summary>
    public int Blocks => _seen.Values.Sum(hashes => hashes.Count);

    /// <summary>Compares all that a table holds with what it held at the look before.</summary>
    public void Look(IReadOnlyList<SampledItem> items)
    {
        Looks++;
        var held = items.GroupBy(item => item.Trajectory.Producer).ToDictionary(group => group.Key, group => group.ToList());
        _problems.AddRange(_seen.Keys.Except(held.Keys).Select(producer => $"all blocks of {producer} are gone"));
        foreach (var (producer, blocks) in held)
        {
            var sequences = blocks.Select(item => item.Trajectory.Sequence).Order().ToArray();
            if (!sequences.SequenceEqual(Enumerable.Range(1, sequences.Length).Select(sequence => (ulong)sequence)))
            {
                _problems.Add($"the blocks of {producer} are {string.Join(' ', sequences)}");
                continue;
            }

            List<string> hashes =
            [
                .. blocks.OrderBy(item => item.Trajectory.Sequence)
                    .Select(item => Convert.ToHexString(SHA256.HashData(item.Trajectory.ToByteArray()))),
            ];
            if (_seen.TryGetValue(producer, out var before) && !hashes.Take(before.Count).SequenceEqual(before))
            {
                _problems.Add($"blocks of {producer} are {hashes.Count} where there were {before.Count}, or are others");
            }

            _seen[producer] = hashes;
        }
    }
}
