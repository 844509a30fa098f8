namespace Rapid.Processes;

/// <summary>Waits for something that other processes do.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Returns when the condition holds.</summary>
    /// <exception cref="TimeoutException">It never does; with the story.</exception>
    public static Task TrueAsync(Func<bool> condition, Func<string> story) => TrueAsync(() => Task.FromResult(condition()), story);

    /// <summary>Returns when the condition holds.</summary>
    /// <exception cref="TimeoutException">It never does; with the story.</exception>
    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> story)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!await condition())
        {
            if (DateTime.UtcNow > deadline)
            {
                throw new TimeoutException($"it did not happen within {Patience}\n{story()}");
            }

            await Task.Delay(50);
        }
    }
}
