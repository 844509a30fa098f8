using System.Diagnostics;

namespace Rapid.Actor;

/// <summary>
/// Estimates what the policy takes of a block: one step of each is timed, every one in its turn. Reading the clock at all steps would cost
/// as much as a small policy.
/// </summary>
/// <param name="steps">Of a block.</param>
internal sealed class InferenceClock(int steps)
{
    // Steps beside each other are alike: neighbouring blocks time steps far apart.
    private const int Stride = 7919;

    private int _timed = -1;
    private long _began;

    /// <summary>Of the last block.</summary>
    public TimeSpan OfBlock { get; private set; }

    /// <summary>Begins a block.</summary>
    public void Begin()
    {
        _timed = (int)((Math.Max(_timed, 0) + (long)Stride) % steps);
        OfBlock = TimeSpan.Zero;
    }

    /// <summary>Step t asks the policy.</summary>
    public void Before(int t)
    {
        if (t == _timed)
        {
            _began = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>The policy has answered.</summary>
    public void After(int t)
    {
        if (t == _timed)
        {
            OfBlock = Stopwatch.GetElapsedTime(_began) * steps;
        }
    }
}
