using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rapid.Cli.Terminal;

/// <summary>Ctrl-C, Ctrl-\ (SIGQUIT) and SIGTERM: the first asks to stop, the second ends the process at once.</summary>
internal sealed partial class StopSignals : IDisposable
{
    // Tools such as timeout signal a process and then its whole group: the same wish, delivered twice.
    private static readonly TimeSpan SameWish = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private long _first;
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGQUIT, OnSignal),
    ];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>What to say or remove before the process ends at once.</summary>
    public Action? BeforeExit { get; set; }

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (!_stop.IsCancellationRequested)
        {
            _first = Stopwatch.GetTimestamp();
            _stop.Cancel();
        }
        else if (Stopwatch.GetElapsedTime(_first) > SameWish)
        {
            BeforeExit?.Invoke();

            // Not Environment.Exit, which waits for everything that is still shutting down.
            ExitNow(ExitCode.Stopped);
        }
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int status);
}
