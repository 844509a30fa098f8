using System.CommandLine;
using System.Globalization;
using Rapid.Cli.Terminal;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid chaos</c>: breaks a distributed training in every way, and checks that every promise is kept.</summary>
internal static class ChaosCommand
{
    private const int Minutes = 5, Seed = 1;

    public static Command Create()
    {
        var minutes = NumberOption.Create<int>("--minutes", $"For how long (default: {Minutes})", 1, 10_000);
        var seed = NumberOption.Create<int>("--seed", $"Chooses the faults and their times (default: {Seed})", 0, int.MaxValue);
        var other = new Option<string?>("--other-build")
        {
            Description = "Repository of another version that is built: rolling restarts go over to it and back",
            HelpName = "DIR",
        };
        var command = new Command("chaos", "Break a distributed training in every way, and check what was promised")
        {
            minutes, seed, other,
        };
        command.SetBody((result, signals) => RunAsync(
            result.GetValue(minutes) ?? Minutes, result.GetValue(seed) ?? Seed, result.GetValue(other), signals.Stop));
        return command;
    }

    private static async Task<int> RunAsync(int minutes, int seed, string? other, CancellationToken cancellation)
    {
        BenchmarkProgram.Repository("chaos");
        List<string> arguments = [minutes.ToString(CultureInfo.InvariantCulture), seed.ToString(CultureInfo.InvariantCulture)];
        if (other is not null)
        {
            var program = Path.GetFullPath(Path.Combine(other, "artifacts/bin/Rapid.Cli/release/rapid"));
            arguments.Add(File.Exists(program)
                ? program
                : throw new CliException(
                    $"--other-build: there is no {program}; run {Path.Combine(other, "rapid")} build", ExitCode.BadInput));
        }

        return (await BenchmarkProgram.RunAsync("Chaos", [.. arguments], cancellation)).ExitCode;
    }
}
