using System.Globalization;

namespace Rapid.Benchmarks;

/// <summary>An attack and what it took.</summary>
/// <param name="Name">What was done.</param>
/// <param name="IsWithstood">Whether it stayed within its bound.</param>
internal sealed record Attack(string Name, bool IsWithstood)
{
    private const double MiB = 1 << 20;

    /// <summary>Prints what a call took.</summary>
    public static Attack OfTime(string name, TimeSpan time, TimeSpan bound, string answer) => Say(
        name, time < bound,
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F0} ms (bound {bound.TotalMilliseconds:F0} ms): {answer}"));

    /// <summary>Prints what a service's memory was before and while.</summary>
    public static Attack OfMemory(string name, long before, long most, long bound) => Say(
        name, most - before < bound,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{before / MiB:F0} MiB before, at most {most / MiB:F0} MiB while (bound +{bound / MiB:F0} MiB)"));

    private static Attack Say(string name, bool isWithstood, string text)
    {
        Console.WriteLine($"{name}: {text}{(isWithstood ? "" : "  BROKEN")}");
        return new Attack(name, isWithstood);
    }
}
