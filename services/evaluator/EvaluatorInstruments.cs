using System.Diagnostics.Metrics;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Evaluator;

/// <summary>The instruments of an experiment's evaluation. Their meter ends with it, and takes along what exporters keep of it.</summary>
internal sealed class EvaluatorInstruments : IDisposable
{
    private readonly Meter _meter = ExperimentMeters.Begin("Rapid.Evaluator");
    private readonly KeyValuePair<string, object?> _experiment;
    private readonly Counter<long> _episodes, _broken;
    private readonly Gauge<double> _return;

    /// <param name="experiment">Labels everything.</param>
    public EvaluatorInstruments(string experiment)
    {
        _experiment = new("experiment", experiment);
        _episodes = _meter.CreateCounter<long>("rapid.evaluator.episodes", "{episode}", "Episodes that have a score");
        _broken = _meter.CreateCounter<long>("rapid.evaluator.broken_episodes", "{episode}", "Episodes that broke and have none");
        _return = _meter.CreateGauge<double>("rapid.evaluator.return", description: "Mean raw return of the newest policy that was scored");
        _meter.CreateObservableCounter(
            "rapid.evaluator.waiting", () => new Measurement<double>(Waiting.Total.TotalSeconds, _experiment), "s",
            "Time without a policy to score");
    }

    /// <summary>Waits for something to score.</summary>
    public WaitClock Waiting { get; } = new();

    /// <summary>A policy was played.</summary>
    public void OnScore(EvaluationReport report)
    {
        _episodes.Add(report.Returns.Count, _experiment);
        _broken.Add(report.BrokenEpisodes, _experiment);
        if (report.Returns.Count > 0)
        {
            _return.Record(report.Returns.Average(), _experiment);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ExperimentMeters.End(_meter);
}
