using System.Diagnostics;

namespace Rapid.Benchmarks;

/// <summary>Many simulated actors.</summary>
internal sealed class Crew : IAsyncDisposable
{
    // So many connect at a time: a listener's queue is short.
    private const int ConnectTogether = 64;

    private readonly ScaledServices _services;
    private readonly List<SimulatedActor> _actors = [];
    private volatile bool _counts;

    private Crew(ScaledServices services) => _services = services;

    /// <summary>Connects them; every connection has been used when it returns.</summary>
    public static async Task<Crew> ConnectAsync(ScaledServices services, int actors, bool areIdle = false)
    {
        var crew = new Crew(services);
        try
        {
            foreach (var some in Enumerable.Range(0, actors).Chunk(ConnectTogether))
            {
                SimulatedActor[] more = [.. some.Select(number => new SimulatedActor(services, number, areIdle))];
                crew._actors.AddRange(more);
                await Task.WhenAll(more.Select(actor => actor.ConnectAsync()));
            }

            return crew;
        }
        catch
        {
            await crew.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets them work, and counts what they do after a while.</summary>
    /// <param name="warmUp">What is not counted.</param>
    /// <param name="time">What is, or longer if somebody has done nothing yet.</param>
    /// <param name="everySecond">Called once a second from the beginning.</param>
    public async Task<CrewFigures> WorkAsync(TimeSpan warmUp, TimeSpan time, Action? everySecond = null)
    {
        _actors.ForEach(actor => actor.Start(() => _counts));
        var watching = WatchAsync(everySecond);
        await Task.Delay(warmUp);
        var (learner, replay, clock) = (_services.LearnerTime, _services.ReplayTime, Stopwatch.StartNew());
        _counts = true;
        await Task.Delay(time);
        while (!_actors.TrueForAll(actor => actor.HasFigures))
        {
            await Task.Delay(100);
        }

        _counts = false;
        var counted = clock.Elapsed;
        (learner, replay) = (_services.LearnerTime - learner, _services.ReplayTime - replay);
        await Task.WhenAll(_actors.Select(actor => actor.StopAsync()));
        await watching;
        return new CrewFigures(
            [.. _actors.SelectMany(actor => actor.Appends).Order()], [.. _actors.SelectMany(actor => actor.Publications).Order()], counted,
            learner, replay);

        async Task WatchAsync(Action? look)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
            for (var second = 0; look is not null && second < (warmUp + time).TotalSeconds; second++)
            {
                look();
                await timer.WaitForNextTickAsync();
            }
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_actors.Select(actor => actor.DisposeAsync().AsTask()));
}

/// <summary>What a crew did in a time.</summary>
/// <param name="Appends">Milliseconds of each block, in order of length.</param>
/// <param name="Publications">Milliseconds of each snapshot at each subscriber, in order of length.</param>
/// <param name="Time">The time.</param>
/// <param name="Learner">Time of cores that the learner took.</param>
/// <param name="Replay">Time of cores that the replay services took.</param>
internal sealed record CrewFigures(double[] Appends, double[] Publications, TimeSpan Time, TimeSpan Learner, TimeSpan Replay)
{
    private const double GiB = 1 << 30;

    /// <summary>Bytes of acknowledged blocks a second.</summary>
    public double BytesPerSecond => Appends.Length * (double)SimulatedActor.BlockBytes / Time.TotalSeconds;

    /// <summary>Seconds of a core for a GiB of appended blocks.</summary>
    public double ReplaySecondsPerGiB => Replay.TotalSeconds / (BytesPerSecond * Time.TotalSeconds / GiB);

    /// <summary>Microseconds of a core for a snapshot at one subscriber, with all that the learner does besides.</summary>
    public double LearnerMicrosecondsPerSnapshot => Learner.TotalMicroseconds / Publications.Length;

    /// <summary>The time that a share of them stays below; NaN of none.</summary>
    public static double Percentile(double[] times, double share) =>
        times.Length == 0 ? double.NaN : times[(int)((times.Length - 1) * share)];
}
