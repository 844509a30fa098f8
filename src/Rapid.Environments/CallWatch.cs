using System.Globalization;

namespace Rapid.Environments;

/// <summary>An environment does not return from a call.</summary>
/// <param name="message">From which.</param>
public sealed class StuckEnvironmentException(string message) : Exception(message);

/// <summary>
/// Notices that an environment does not return: its caller says what it calls and when the call has returned, at the cost of two writes,
/// and somebody else waits. Nobody can stop a thread that is stuck; it can be said, and done without.
/// </summary>
/// <param name="patience">A call that takes longer does not return. Rounds of waiting are counted rather than time, so that a process
/// that was suspended blames nobody.</param>
public sealed class CallWatch(TimeSpan patience)
{
    private const int Rounds = 4;

    // Odd while a call is under way.
    private long _calls;
    private string _doing = "";

    // The waiting side's: the call that it saw last, and how often in a row.
    private long _seen;
    private int _rounds;

    /// <summary>Before a call.</summary>
    /// <param name="doing">What the environment is to do: "end a step".</param>
    public void Enter(string doing)
    {
        _doing = doing;
        Volatile.Write(ref _calls, (_calls + 1) | 1);
    }

    /// <summary>After the call, however it ended.</summary>
    public void Leave() => Volatile.Write(ref _calls, (_calls + 1) & ~1L);

    /// <summary>What has not come of the call under way: "the environment did not end a step within 60 s".</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture, $"the environment did not {Volatile.Read(ref _doing)} within {patience.TotalSeconds:0.#} s");

    /// <summary>Waits until work ends or a call of it does not return; for a quarter of the patience once that is known.</summary>
    /// <param name="work">What makes the calls.</param>
    /// <param name="wake">Ends the waiting for a call that is known not to return.</param>
    /// <returns>How often in a row the same call was found not to return; 0 when the work has ended.</returns>
    public async Task<int> StuckAsync(Task work, CancellationToken wake = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        while (true)
        {
            await Task.WhenAny(work, Task.Delay(patience / Rounds, _rounds >= Rounds ? wake : CancellationToken.None));
            if (work.IsCompleted)
            {
                return 0;
            }

            var calls = Volatile.Read(ref _calls);
            _rounds = calls % 2 == 1 && calls == _seen ? _rounds + 1 : 0;
            _seen = calls;
            if (_rounds >= Rounds)
            {
                return _rounds - Rounds + 1;
            }
        }
    }

    /// <summary>Does work on another thread, and returns with it unless a call of it does not.</summary>
    /// <exception cref="StuckEnvironmentException">A call does not return. The work is left behind with its thread and what it
    /// uses.</exception>
    public async Task<T> RunAsync<T>(Func<T> work)
    {
        var running = Task.Run(work);
        return await StuckAsync(running) == 0 ? await running : throw new StuckEnvironmentException(Describe());
    }
}
