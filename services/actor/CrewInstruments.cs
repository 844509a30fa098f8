using System.Diagnostics.Metrics;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>
/// The instruments of what this process does for an experiment. Their meter ends with the work, and takes along what exporters keep of it.
/// Thread-safe; everything is measured once a block.
/// </summary>
internal sealed class CrewInstruments : IDisposable
{
    private readonly Meter _meter = ExperimentMeters.Begin("Rapid.Actor");
    private readonly KeyValuePair<string, object?> _experiment;
    private readonly Counter<long> _steps, _episodes, _broken;
    private readonly Counter<double> _collecting, _inference;
    private readonly Histogram<double> _appending;

    /// <param name="experiment">Labels everything.</param>
    /// <param name="slots">How many slots are held.</param>
    public CrewInstruments(string experiment, Func<int> slots)
    {
        _experiment = new("experiment", experiment);
        _steps = _meter.CreateCounter<long>("rapid.actor.steps", "{step}", "Environment steps of whole blocks");
        _episodes = _meter.CreateCounter<long>("rapid.actor.episodes", "{episode}", "Episodes that ended");
        _broken = _meter.CreateCounter<long>(
            "rapid.actor.broken_environments", "{environment}",
            "Environments reset because of numbers that were not finite or a simulation that broke down; each costs its slot's block");
        _collecting = _meter.CreateCounter<double>("rapid.actor.collecting", "s", "Time that slots spent on collecting blocks");
        _inference = _meter.CreateCounter<double>(
            "rapid.actor.inference", "s", "Time of collecting that the policy took, estimated from one step of each block");
        _appending = _meter.CreateDurations(
            "rapid.actor.append.time",
            "Time from the offer of a block until the replay service takes the next; a full table makes it long");
        _meter.CreateObservableGauge(
            "rapid.actor.slots", () => new Measurement<int>(slots(), _experiment), "{slot}", "Slots that this process fills");
    }

    /// <summary>A block was collected.</summary>
    public void OnCollected(Trajectory block, TimeSpan collecting, TimeSpan inference)
    {
        _broken.Add(0, _experiment);
        _steps.Add((long)block.Steps * block.Environments, _experiment);
        _episodes.Add(block.Episodes.Count, _experiment);
        _collecting.Add(collecting.TotalSeconds, _experiment);
        _inference.Add(inference.TotalSeconds, _experiment);
    }

    /// <summary>A block was lost.</summary>
    public void OnBroken(int environments) => _broken.Add(environments, _experiment);

    /// <summary>A block was taken.</summary>
    public void OnAppended(TimeSpan time) => _appending.Record(time.TotalSeconds, _experiment);

    /// <inheritdoc/>
    public void Dispose() => ExperimentMeters.End(_meter);
}
