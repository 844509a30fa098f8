using System.Globalization;
using Rapid.Protocol.Files;

namespace Rapid.Learner.Training;

/// <summary>
/// Hands out policy versions that never repeat, whatever kills the learner: each life takes a fresh range whose end was on disk before the
/// range was used. Two lives that resume from the same checkpoint therefore never give different weights the same version, and actors
/// never wait for a version that they believe to be old.
/// </summary>
/// <param name="path">File that holds the end of the newest range.</param>
/// <param name="mayWrite">Called before it is written; throws when it must not.</param>
public sealed class PolicyVersions(string path, Action? mayWrite = null)
{
    private const long RangeLength = 1 << 20;

    private long _end;

    /// <summary>The version given out last; 0 before the first.</summary>
    public long Newest { get; private set; }

    /// <summary>Takes the next version.</summary>
    public long Next()
    {
        if (Newest == _end)
        {
            Newest = EndOfEarlierLives();
            _end = Newest + RangeLength;
            mayWrite?.Invoke();
            DurableFile.Write(path, _end.ToString(CultureInfo.InvariantCulture));
        }

        return ++Newest;
    }

    /// <summary>When the file is damaged, a range that no life can have counted up to: there is one for every second since 1970.</summary>
    private long EndOfEarlierLives()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds() * RangeLength;
        return !File.Exists(path) ? 0
            : long.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out var end) && end < 2 * now ? end
            : now;
    }
}
