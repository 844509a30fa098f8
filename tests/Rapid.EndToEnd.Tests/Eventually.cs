namespace Rapid.EndToEnd.Tests;

/// <summary>Waits for something that other processes do.</summary>
public static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Returns when the condition holds; fails with the story when it never does.</summary>
    public static async Task TrueAsync(Func<bool> condition, Func<string> story)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, $"it did not happen within {Patience}\n{story()}");
            await Task.Delay(50);
        }
    }
}
