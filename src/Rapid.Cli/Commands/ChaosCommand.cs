using System.CommandLine;
using System.Globalization;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid chaos</c>: breaks a distributed training in every way, and checks that every promise is kept.</summary>
internal static class ChaosCommand
{
    private const int Minutes = 5, Seed = 1;

    public static Command Create()
    {
        var minutes = NumberOption.Create<int>("--minutes", $"For how long (default: {Minutes})", 1, 10_000);
        var seed = NumberOption.Create<int>("--seed", $"Chooses the faults and their times (default: {Seed})", 0, int.MaxValue);
        var command = new Command("chaos", "Break a distributed training in every way, and check what was promised") { minutes, seed };
        command.SetBody((result, signals) => RunAsync(
            result.GetValue(minutes) ?? Minutes, result.GetValue(seed) ?? Seed, signals.Stop));
        return command;
    }

    private static async Task<int> RunAsync(int minutes, int seed, CancellationToken cancellation)
    {
        BenchmarkProgram.Repository("chaos");
        string[] arguments = [minutes.ToString(CultureInfo.InvariantCulture), seed.ToString(CultureInfo.InvariantCulture)];
        return (await BenchmarkProgram.RunAsync("Chaos", arguments, cancellation)).ExitCode;
    }
}
