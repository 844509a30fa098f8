using Rapid.Protocol.V1;
using Spectre.Console;

namespace Rapid.Cli.Views;

/// <summary>Follows a run's events and draws them until it ends.</summary>
internal static class RunViews
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    /// <summary>Reads events until the stream ends, drawing meanwhile: live on a terminal, lines in a pipe.</summary>
    /// <returns>The run as it was last.</returns>
    public static async Task<RunSnapshot> FollowAsync(
        IAsyncEnumerable<ExperimentEvent> events, string title, CancellationToken cancellation)
    {
        var progress = new RunProgress(TimeProvider.System);
        IRunView view = Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi
            ? new PlainView(Console.Out)
            : new LiveView(AnsiConsole.Console, title);
        using var over = new CancellationTokenSource();
        var drawing = view.DrawAsync(progress, over.Token);
        try
        {
            await foreach (var change in events.WithCancellation(cancellation))
            {
                progress.Apply(change);
            }
        }
        finally
        {
            await over.CancelAsync();
            await drawing;
        }

        return progress.Read();
    }

    /// <summary>Calls <paramref name="draw"/> a few times a second until cancelled, and then once more with true.</summary>
    public static async Task RepeatAsync(Action<bool> draw, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            draw(false);
            await Task.Delay(Period, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        draw(true);
    }
}
