using Google.Protobuf;
using Rapid.Agents.State;
using Rapid.Hosting;
using Rapid.Learner.Runs;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Training;

/// <summary>
/// Evaluations that were asked for and whose scores are not written yet. None is skipped because an evaluator is slow: a few wait, then
/// learning does, so that what is scored does not depend on the machine. A checkpoint holds their weights, so that a stop costs none.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="versions">Names those that are asked for again.</param>
internal sealed class PendingEvaluations(RunContext run, PolicyVersions versions)
{
    // Enough to smooth over evaluations that are longer than others; each holds a whole policy.
    private const int Most = 4;
    private const string Name = "evaluation.";

    // A killed evaluator is usually back by then, and so is one that had to notice that its connection leads nowhere; without one a run
    // must still end.
    private static readonly TimeSpan EvaluatorGrace = Channels.LongestSilence + TimeSpan.FromSeconds(10);

    private readonly SortedList<long, PolicySnapshot> _asked = [];
    private List<PolicySnapshot> _restored = [];

    /// <summary>Evaluations that were given up because nobody was there to play.</summary>
    public long Skipped { get; private set; }

    /// <summary>Keeps a snapshot that was published to be evaluated.</summary>
    public void Add(PolicySnapshot snapshot) => _asked.Add(snapshot.Version, snapshot);

    /// <summary>The score of a version is written.</summary>
    public void Remove(long version) => _asked.Remove(version);

    /// <summary>Whether the policy of a step waits for its score.</summary>
    public bool Has(long step) => _asked.Values.Any(snapshot => snapshot.Step == step);

    /// <summary>Waits for every score, unless nobody is there to play.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        if (_asked.Count > 0)
        {
            await run.Evaluations.WaitAsync(_asked.Keys[^1], EvaluatorGrace, cancellation);
        }
    }

    /// <summary>Waits until another may be asked for. Without anybody to play, the oldest makes room.</summary>
    public async Task WaitForRoomAsync(CancellationToken cancellation)
    {
        while (_asked.Count >= Most)
        {
            var oldest = _asked.Keys[_asked.Count - Most];
            if (await run.Evaluations.WaitAsync(oldest, TimeSpan.Zero, cancellation))
            {
                return;
            }

            run.Policies.CloseEvaluation(oldest);
            _asked.Remove(oldest);
            Skipped++;
        }
    }

    /// <summary>For a checkpoint.</summary>
    public void Save(IDictionary<string, TensorData> tensors)
    {
        foreach (var snapshot in _asked.Values)
        {
            var bytes = snapshot.ToByteArray();
            tensors[$"{Name}{snapshot.Version}"] = new TensorData("U8", [bytes.Length], bytes);
        }
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    public void Load(IReadOnlyDictionary<string, TensorData> tensors) => _restored =
    [
        .. tensors.Where(tensor => tensor.Key.StartsWith(Name, StringComparison.Ordinal))
            .Select(tensor => PolicySnapshot.Parser.ParseFrom(tensor.Value.Bytes.Span))
            .OrderBy(snapshot => snapshot.Version),
    ];

    /// <summary>Asks again for what <see cref="Load"/> found and nobody has scored since.</summary>
    /// <param name="scored">Steps whose policies have a score.</param>
    public void AskAgain(IReadOnlySet<long> scored)
    {
        foreach (var snapshot in _restored.Where(snapshot => !scored.Contains(snapshot.Step)))
        {
            snapshot.Version = versions.Next();
            run.Policies.AskToEvaluate(snapshot);
            Add(snapshot);
        }
    }
}
