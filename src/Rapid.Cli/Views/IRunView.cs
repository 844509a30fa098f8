namespace Rapid.Cli.Views;

/// <summary>Shows a run while it goes on.</summary>
internal interface IRunView
{
    /// <summary>Draws until <paramref name="over"/> is cancelled, and then once more.</summary>
    Task DrawAsync(RunProgress progress, CancellationToken over);
}
