using System.Globalization;

namespace Rapid.Learner.Training;

/// <summary>
/// Hands out policy versions that never repeat, whatever kills the learner: each life takes a fresh range whose end was on disk before the
/// range was used. Two lives that resume from the same checkpoint therefore never give different weights the same version, and actors
/// never wait for a version that they believe to be old.
/// </summary>
/// <param name="path">File that holds the end of the newest range.</param>
public sealed class PolicyVersions(string path)
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
            Newest = File.Exists(path) ? long.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture) : 0;
            _end = Newest + RangeLength;
            var temporary = path + ".tmp";
            File.WriteAllText(temporary, _end.ToString(CultureInfo.InvariantCulture));
            File.Move(temporary, path, overwrite: true);
        }

        return ++Newest;
    }
}
