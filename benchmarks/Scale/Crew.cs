using System.Diagnostics;

namespace Rapid.Benchmarks;

/// <summary>Many simulated actors.</summary>
internal sealed class Crew : IAsyncDisposable
{
    // So many connect at a time: a listener's queue is short.
    private const int ConnectTogether = 64;

    private readonly SimulatedActor[] _actors;
    private volatile bool _counts;

    private Crew(SimulatedActor[] actors) => _actors = actors;

    /// <summary>Connects them; every connection has been used when it returns.</summary>
    public static async Task<Crew> ConnectAsync(ScaledServices services, int actors, bool areIdle = false)
    {
        var crew = new Crew([.. Enumerable.Range(0, actors).Select(number => new SimulatedActor(services, number, areIdle))]);
        try
        {
            foreach (var some in crew._actors.Chunk(ConnectTogether))
            {
                await Task.WhenAll(some.Select(actor => actor.ConnectAsync()));
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
        Array.ForEach(_actors, actor => actor.Start(() => _counts));
        var watching = WatchAsync(everySecond);
        await Task.Delay(warmUp);
        _counts = true;
        var clock = Stopwatch.StartNew();
        await Task.Delay(time);
        while (!Array.TrueForAll(_actors, actor => actor.HasFigures))
        {
            await Task.Delay(100);
        }

        _counts = false;
        var counted = clock.Elapsed;
        await Task.WhenAll(_actors.Select(actor => actor.StopAsync()));
        await watching;
        return new CrewFigures(
            [.. _actors.SelectMany(actor => actor.Appends).Order()], [.. _actors.SelectMany(actor => actor.Publications).Order()], counted);

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
internal sealed record CrewFigures(double[] Appends, double[] Publications, TimeSpan Time)
{
    /// <summary>Bytes of acknowledged blocks a second.</summary>
    public double BytesPerSecond => Appends.Length * (double)SimulatedActor.BlockBytes / Time.TotalSeconds;

    /// <summary>The time that a share of them stays below; NaN of none.</summary>
    public static double Percentile(double[] times, double share) =>
        times.Length == 0 ? double.NaN : times[(int)((times.Length - 1) * share)];
}
