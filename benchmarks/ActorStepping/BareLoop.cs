using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Rapid.Environments.MuJoCo;
using Rapid.Environments.Registry;

namespace Rapid.Benchmarks;

/// <summary>The bare mj_step loop in C, a program of its own.</summary>
internal sealed partial class BareLoop : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-bench-");

    private string Program => Path.Combine(_folder.FullName, "raw_mj_step");

    /// <summary>Compiles it.</summary>
    /// <exception cref="InvalidOperationException">gcc or MuJoCo's headers are missing.</exception>
    public async Task BuildAsync(CancellationToken cancellation)
    {
        var source = Path.Combine(AppContext.BaseDirectory, "peers", "raw_mj_step.c");
        await ExecuteAsync("gcc", ["-O2", source, "-lmujoco", "-o", Program], cancellation);
    }

    /// <summary>Environment steps a second on a task's model with its frame skip.</summary>
    /// <param name="name">The task.</param>
    /// <param name="time">How long to step.</param>
    /// <param name="cancellation">Ends the program.</param>
    /// <exception cref="InvalidOperationException">The program failed.</exception>
    public async Task<double> MeasureAsync(string name, TimeSpan time, CancellationToken cancellation)
    {
        using var environment = EnvironmentRegistry.Create(name);
        var physics = ((IPhysicsEnvironment)environment).Physics;
        string[] arguments =
        [
            physics.Simulation.Model.Source, physics.Frames.ToString(CultureInfo.InvariantCulture),
            time.TotalSeconds.ToString(CultureInfo.InvariantCulture), "1",
        ];
        var text = await ExecuteAsync(Program, arguments, cancellation);
        return double.Parse(Rate().Match(text).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<string> ExecuteAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = _folder.FullName,
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
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
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

    [GeneratedRegex(@"env steps/s (\d+)")]
    private static partial Regex Rate();
}
