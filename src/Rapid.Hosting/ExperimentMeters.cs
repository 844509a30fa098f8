using System.Diagnostics.Metrics;

namespace Rapid.Hosting;

/// <summary>
/// Meters that end with an experiment and take along what exporters keep of it. OpenTelemetry knows a meter by its name: of two that have
/// one name, the first that ends would silence the other. So each of those that are there at the same time has a number after its name,
/// except the first.
/// </summary>
public static class ExperimentMeters
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<string> Taken = [];

    /// <summary>A meter for one experiment; <see cref="End"/> ends it.</summary>
    /// <param name="name">"Rapid." and the service.</param>
    public static Meter Begin(string name)
    {
        lock (Gate)
        {
            var free = name;
            for (var number = 2; !Taken.Add(free); number++)
            {
                free = $"{name}.{number}";
            }

            return new Meter(free);
        }
    }

    /// <summary>Ends a meter.</summary>
    public static void End(Meter meter)
    {
        ArgumentNullException.ThrowIfNull(meter);
        meter.Dispose();
        lock (Gate)
        {
            Taken.Remove(meter.Name);
        }
    }
}
