using System.Globalization;

namespace Rapid.Benchmarks;

/// <summary>What came of a drill.</summary>
/// <param name="Outcomes">Of every fault.</param>
/// <param name="Problems">What is not as it must be; none when all is well.</param>
/// <param name="Lines">What there is to say besides.</param>
internal sealed record ChaosReport(IReadOnlyList<Outcome> Outcomes, IReadOnlyList<string> Problems, IReadOnlyList<string> Lines)
{
    // Of a learner that was killed, from the kill until it has learned more than before.
    private const double MostSeconds = 5;

    /// <summary>A line for each kind of fault, as a table of Markdown.</summary>
    public IEnumerable<string> Table()
    {
        yield return "| fault | times | measured | median s | worst s |";
        yield return "|---|---|---|---|---|";
        var done = Outcomes.Where(outcome => outcome.Note is null);
        foreach (var kind in done.GroupBy(NameOf).OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            var seconds = SecondsOf(kind);
            double? worst = seconds.Length > 0 ? seconds[^1] : null;
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"| {kind.Key} | {kind.Count()} | {seconds.Length} | {Median(seconds):F1} | {worst:F1} |");
        }
    }

    /// <summary>Whether a learner that is killed alone is back in time, as the median; null where it was never killed.</summary>
    public bool? IsLearnerBackInTime() => Median(SecondsOf(LearnerKills)) is { } median ? median <= MostSeconds : null;

    /// <summary>How soon a learner that was killed was back, in words.</summary>
    public string LearnerSummary() => SecondsOf(LearnerKills) is { Length: > 0 } seconds
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"training again {Median(seconds):F1} s after a SIGKILL of the learner, {seconds[^1]:F1} s at worst, of {seconds.Length}")
        : "no SIGKILL of the learner was measured";

    private IEnumerable<Outcome> LearnerKills => Outcomes.Where(outcome => outcome.Note is null && NameOf(outcome) == "Kill learner");

    /// <summary>A kill costs what its victim costs.</summary>
    private static string NameOf(Outcome outcome) => outcome.Fault.Kind is FaultKind.Kill or FaultKind.Stop or FaultKind.Freeze
        ? $"{outcome.Fault.Kind} {outcome.Fault.Targets[0].Split(' ')[0]}"
        : $"{outcome.Fault.Kind}";

    private static double[] SecondsOf(IEnumerable<Outcome> outcomes) =>
        [.. outcomes.Where(outcome => outcome.IsClean).Select(outcome => outcome.Seconds).OfType<double>().Order()];

    private static double? Median(double[] sorted) => sorted.Length == 0 ? null : sorted[sorted.Length / 2];
}
