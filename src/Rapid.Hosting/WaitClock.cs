namespace Rapid.Hosting;

/// <summary>
/// How long somebody waited for something, those who wait now included: several who wait at once count each. Thread-safe; nothing is
/// allocated when a wait begins or ends.
/// </summary>
/// <param name="time">Tells the time; null: the system's.</param>
public sealed class WaitClock(TimeProvider? time = null)
{
    // Twice as many as there can be marks a second apart in the longest window.
    private const int Marks = 128;
    private static readonly TimeSpan Spacing = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _gate = new();

    // What the total was at some moments, in a ring: the newest is the last change, any two beside their neighbour are a second apart.
    private readonly (long At, TimeSpan Total)[] _marks = new (long, TimeSpan)[Marks];
    private int _newest = -1, _count, _waiting;

    /// <summary>The longest window of <see cref="Share"/>.</summary>
    public static TimeSpan LongestWindow => TimeSpan.FromSeconds(60);

    /// <summary>All of the time, of all who waited and wait.</summary>
    public TimeSpan Total
    {
        get
        {
            lock (_gate)
            {
                return TotalAt(_time.GetTimestamp());
            }
        }
    }

    /// <summary>Somebody begins to wait.</summary>
    public void Begin() => Change(1);

    /// <summary>Somebody has waited.</summary>
    public void End() => Change(-1);

    /// <summary>Starts to count: until something is waited for, <see cref="Share"/> is 0 of the time from here on.</summary>
    public void Start() => Change(0);

    /// <summary>The part of the last while that was waited, 1 for one who waited all of it; of a younger clock, the part of its
    /// life.</summary>
    /// <param name="window">How long, at most <see cref="LongestWindow"/>.</param>
    public double Share(TimeSpan window)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, LongestWindow);
        lock (_gate)
        {
            if (_count == 0)
            {
                return 0;
            }

            var now = _time.GetTimestamp();
            var (at, total) = (now, TotalAt(now));
            var waited = TimeSpan.Zero;
            var left = window;
            for (var i = 0; i < _count && left > TimeSpan.Zero; i++)
            {
                var earlier = _marks[(_newest - i + Marks) % Marks];
                var length = _time.GetElapsedTime(earlier.At, at);
                var part = length <= left || length == TimeSpan.Zero ? 1 : left / length;
                waited += part * (total - earlier.Total);
                left -= part * length;
                (at, total) = earlier;
            }

            return left == window ? 0 : waited / (window - left);
        }
    }

    private void Change(int waiting)
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            var mark = (now, TotalAt(now));
            _waiting += waiting;
            if (_count < 2 || _time.GetElapsedTime(_marks[(_newest - 1 + Marks) % Marks].At, now) >= Spacing)
            {
                (_newest, _count) = ((_newest + 1) % Marks, Math.Min(_count + 1, Marks));
            }

            _marks[_newest] = mark;
        }
    }

    /// <summary>Under the gate.</summary>
    private TimeSpan TotalAt(long now) =>
        _count == 0 ? TimeSpan.Zero : _marks[_newest].Total + _waiting * _time.GetElapsedTime(_marks[_newest].At, now);
}
