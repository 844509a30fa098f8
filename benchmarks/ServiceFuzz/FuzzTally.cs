using System.Collections.Concurrent;
using System.Globalization;
using Grpc.Core;

namespace Rapid.Benchmarks;

/// <summary>What came of many calls.</summary>
internal sealed class FuzzTally
{
    private const int MostProblems = 20;

    private readonly ConcurrentDictionary<StatusCode, long> _statuses = [];
    private readonly ConcurrentQueue<string> _problems = [];

    /// <summary>Crashes, hangs and what was accepted though it is invalid.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    /// <summary>Counts a call by its end.</summary>
    public void Count(StatusCode status) => _statuses.AddOrUpdate(status, 1, (_, count) => count + 1);

    /// <summary>Keeps a problem; of very many, the first ones.</summary>
    public void Report(string problem)
    {
        if (_problems.Count < MostProblems)
        {
            _problems.Enqueue(problem);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", _statuses.OrderByDescending(pair => pair.Value)
        .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value}")));
}
