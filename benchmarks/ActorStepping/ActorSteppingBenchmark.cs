using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Rapid.Environments;

namespace Rapid.Benchmarks;

/// <summary>
/// Environment steps per second of HalfCheetah-v4 under a random policy on one thread, as an actor steps it (vector, time limit, reset
/// noise, observations, rewards, action clip), against a bare mj_step loop in C on the same model.
/// </summary>
public static partial class ActorSteppingBenchmark
{
    /// <summary>What an actor must reach of the bare loop.</summary>
    public const double Target = 0.9;

    private const int Rounds = 3, Environments = 8, FrameSkip = 5, EpisodeSteps = 1000;
    private static readonly TimeSpan RunTime = TimeSpan.FromSeconds(3); // of one run, as in the bare loop

    /// <summary>Measures both in turns, so that a busy machine slows both, and prints medians and their ratio. Takes a minute.</summary>
    /// <param name="output">Where the figures go.</param>
    /// <param name="cancellationToken">Ends the measurement early.</param>
    /// <returns>Median rate of the actor over that of the bare loop.</returns>
    /// <exception cref="InvalidOperationException">gcc or MuJoCo's headers are missing, or the bare loop failed.</exception>
    public static async Task<double> RunAsync(TextWriter output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(output);
        var folder = Directory.CreateTempSubdirectory("rapid-bench-");
        try
        {
            var peer = Path.Combine(folder.FullName, "raw_mj_step");
            var source = Path.Combine(AppContext.BaseDirectory, "peers", "raw_mj_step.c");
            var model = Path.Combine(AppContext.BaseDirectory, "models", "half_cheetah.xml");
            await ExecuteAsync("gcc", ["-O2", source, "-lmujoco", "-o", peer], folder.FullName, cancellationToken);

            var (ours, bare) = (new List<double>(), new List<double>());

            // Not counted: until the code is compiled at its last tier.
            await Task.Run(() => Measure(TimeSpan.FromSeconds(1), cancellationToken), cancellationToken);
            for (var round = 1; round <= Rounds; round++)
            {
                var text = await ExecuteAsync(
                    peer, [model, FrameSkip.ToString(CultureInfo.InvariantCulture)], folder.FullName, cancellationToken);
                double[] bareRates =
                    [.. Rate().Matches(text).Select(match => double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))];
                var ourRates = new double[bareRates.Length];
                for (var run = 0; run < ourRates.Length; run++)
                {
                    ourRates[run] = await Task.Run(() => Measure(RunTime, cancellationToken), cancellationToken);
                }

                bare.AddRange(bareRates);
                ours.AddRange(ourRates);
                await output.WriteLineAsync(
                    Text($"round {round}: actor {Median(ourRates):N0}, bare mj_step loop {Median(bareRates):N0} env steps/s"));
            }

            var ratio = Median(ours) / Median(bare);
            await output.WriteLineAsync(Text($"HalfCheetah-v4, one thread, {Environments} environments, medians of {ours.Count} runs:"));
            await output.WriteLineAsync(Text(
                $"actor {Median(ours):N0} env steps/s = {ratio:P1} of the bare mj_step loop in C ({Median(bare):N0}); target {Target:P0}"));
            return ratio;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double Measure(TimeSpan time, CancellationToken cancellationToken)
    {
        using var vector = new VectorEnvironment(
            _ => new TimeLimit(EnvironmentRegistry.Create("HalfCheetah-v4"), EpisodeSteps), Environments, seed: 1, threads: 1);
        var (observationSize, actionSize) = (((BoxSpace)vector.ObservationSpace).Size, ((BoxSpace)vector.ActionSpace).Size);
        var (observations, finals) = (new float[Environments * observationSize], new float[Environments * observationSize]);
        var (rewards, terminated, truncated) = (new float[Environments], new byte[Environments], new byte[Environments]);
        var actions = new float[Environments * actionSize];
        var random = new RandomStream(2);
        vector.Reset(observations);

        var steps = 0L;
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < time)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (ref var action in actions.AsSpan())
            {
                action = (float)random.NextUniform(-1, 1);
            }

            vector.Step(actions, observations, rewards, terminated, truncated, finals);
            steps += Environments;
        }

        var rate = steps / watch.Elapsed.TotalSeconds;
        return vector.BrokenCount == 0 ? rate : throw new InvalidOperationException($"{vector.BrokenCount} simulations diverged");
    }

    private static async Task<string> ExecuteAsync(
        string program, IEnumerable<string> arguments, string folder, CancellationToken cancellationToken)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = folder,
            },
        };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new InvalidOperationException(
                $"cannot start {program}: {error.Message}; the benchmark needs gcc and libmujoco-dev", error);
        }

        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0
                ? await output
                : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await errors}");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static double Median(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);

    [GeneratedRegex(@"env steps/s (\d+)")]
    private static partial Regex Rate();
}
