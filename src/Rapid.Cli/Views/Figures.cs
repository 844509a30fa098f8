using System.Globalization;

namespace Rapid.Cli.Views;

/// <summary>Numbers for people.</summary>
internal static class Figures
{
    /// <summary>Gradient steps that were not taken because a gradient was not finite; shown where there are any.</summary>
    public const string SkippedSteps = "skipped_gradient_steps";

    /// <summary>What a view shows of training, in order: the metric's name and the words for it.</summary>
    public static IReadOnlyList<(string Name, string Label)> Shown { get; } =
    [
        ("policy_loss", "policy loss"),
        ("value_loss", "value loss"),
        ("entropy", "entropy"),
        ("approximate_kl", "approx KL"),
        ("clip_fraction", "clip fraction"),
        ("explained_variance", "explained variance"),
        ("policy_lag", "policy lag"),
        ("learning_rate", "learning rate"),
    ];

    /// <summary>Four significant digits; "-" for nothing.</summary>
    public static string Number(double? value) => value switch
    {
        null => "-",
        0 => "0",
        { } number when Math.Abs(number) is < 1e-3 or >= 1e6 => number.ToString("0.###e0", CultureInfo.InvariantCulture),
        { } number when Math.Abs(number) >= 100 => number.ToString("0.0", CultureInfo.InvariantCulture),
        { } number => number.ToString("0.####", CultureInfo.InvariantCulture),
    };

    /// <summary>A return: two decimals.</summary>
    public static string Return(double? value) => value is { } number ? number.ToString("0.00", CultureInfo.InvariantCulture) : "-";

    /// <summary>Whole with thousands separators.</summary>
    public static string Count(double? value) => value is { } number ? number.ToString("N0", CultureInfo.InvariantCulture) : "-";

    /// <summary>h:mm:ss, or m:ss below an hour.</summary>
    public static string Time(TimeSpan? value) => value is { } time
        ? time.TotalHours >= 1 ? $"{(long)time.TotalHours}:{time:mm\\:ss}" : $"{time:m\\:ss}"
        : "-";
}
