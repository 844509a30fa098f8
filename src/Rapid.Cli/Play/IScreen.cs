namespace Rapid.Cli.Play;

/// <summary>Where pictures of a game go.</summary>
internal interface IScreen : IAsyncDisposable
{
    /// <summary>Shows or keeps one; the first says how large all are.</summary>
    Task ShowAsync(GamePicture picture, CancellationToken stop);

    /// <summary>Completes what was made; called once, after the last picture, also when the user has stopped the game.</summary>
    /// <returns>A line that says what was made, or null.</returns>
    Task<string?> FinishAsync();
}
