using System.Globalization;
using Google.Protobuf;
using Tensorboard;
using TorchSharp.Utils;

namespace Rapid.Learner.Metrics;

/// <summary>
/// A TensorBoard event file: TorchSharp's messages, each with its length and two checksums. TorchSharp's own SummaryWriter takes no other
/// summaries than its own, which have no hyper-parameters; counts steps in 32 bits and time in seconds; and opens and closes the file for
/// every value, of which a line of metrics has dozens.
/// </summary>
public sealed class EventFile : IDisposable
{
    private const uint CrcMask = 0xA282EAD8;
    private const string Prefix = "events.out.tfevents.", Suffix = ".rapid";

    private readonly BinaryWriter _file;

    /// <summary>Starts a new file, whose name sorts behind those of earlier ones, also of one that is as old or, by a clock that was set
    /// back, younger.</summary>
    /// <param name="directory">Made where it is not there.</param>
    /// <param name="now">Goes into the name.</param>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public EventFile(string directory, DateTimeOffset now)
    {
        Directory.CreateDirectory(directory);
        var number = Math.Max(now.ToUnixTimeMilliseconds(), NewestIn(directory) + 1);
        var path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}{Suffix}"));
        _file = new BinaryWriter(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read));
        Write(new Event { FileVersion = "brain.Event:2" }, now);
    }

    /// <summary>Adds values at a step.</summary>
    /// <exception cref="IOException">The disk is full or gone.</exception>
    public void Write(DateTimeOffset now, long step, IEnumerable<Summary.Types.Value> values) =>
        Write(new Event { Step = step, Summary = new Summary { Value = { values } } }, now);

    /// <summary>Tells readers that the run goes on from a step: what earlier files say of later steps no longer counts.</summary>
    /// <exception cref="IOException">The disk is full or gone.</exception>
    public void WriteRestart(DateTimeOffset now, long step) =>
        Write(new Event { Step = step + 1, SessionLog = new SessionLog { Status = SessionLog.Types.SessionStatus.Start } }, now);

    /// <summary>Hands what was written to the operating system.</summary>
    /// <exception cref="IOException">The disk is full or gone.</exception>
    public void Flush() => _file.Flush();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static long NewestIn(string directory) => Directory.EnumerateFiles(directory, Prefix + "*" + Suffix)
        .Select(path => Path.GetFileName(path)[Prefix.Length..^Suffix.Length])
        .Select(text => long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0)
        .DefaultIfEmpty()
        .Max();

    private static uint Mask(uint crc) => uint.RotateRight(crc, 15) + CrcMask;

    private void Write(Event record, DateTimeOffset now)
    {
        record.WallTime = now.ToUnixTimeMilliseconds() / 1000.0;
        var data = record.ToByteArray();
        _file.Write((long)data.Length);
        _file.Write(Mask(CRC32C.process((long)data.Length)));
        _file.Write(data);
        _file.Write(Mask(CRC32C.process(data)));
    }
}
