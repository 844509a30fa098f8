namespace Rapid.Cli.Play;

/// <summary>Where pictures of an episode go.</summary>
internal interface IScreen : IAsyncDisposable
{
    /// <summary>Rows that pictures should have where they may have any number.</summary>
    int PreferredHeight { get; }

    /// <summary>Pictures that it takes in a second; 0 when only the last one counts.</summary>
    double MostPerSecond { get; }

    /// <summary>Shows or keeps one; the first says how large all are.</summary>
    Task ShowAsync(Picture picture, CancellationToken stop);

    /// <summary>Completes what was made; called once, after the last picture, also when the user has stopped the game.</summary>
    /// <returns>A line that says what was made, or null.</returns>
    Task<string?> FinishAsync();
}
