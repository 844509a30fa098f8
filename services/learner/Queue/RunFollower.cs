using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rapid.Learner.Runs;

namespace Rapid.Learner.Queue;

/// <summary>
/// Reads what another learner adds to a run's <c>metrics.jsonl</c>. Watchers of a run follow its files and not the learner that trains it:
/// so they need not find out who that is, nor notice when it dies and the next one goes on.
/// </summary>
/// <param name="run">The run.</param>
internal sealed class RunFollower(RunDirectory run)
{
    // Of the end of what was read: a file that is another there was replaced, which the next owner of a run does.
    private const int MarkBytes = 256;

    private readonly string _path = Path.Combine(run.Path, "metrics.jsonl");
    private byte[] _mark = [];
    private long _offset = -1;
    private long _step;

    /// <summary>What is there now need not be told.</summary>
    public void Skip() => _offset = -1;

    /// <summary>Tells the lines that were added since the last time; the first time none.</summary>
    /// <param name="tell">Takes step, kind and values.</param>
    public void Read(Action<long, string, IReadOnlyList<(string Name, double Value)>> tell)
    {
        try
        {
            if (!File.Exists(_path))
            {
                _offset = Math.Max(_offset, 0);
                return;
            }

            using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var (isFirst, isReplaced) = (_offset < 0, _offset > 0 && !HasMark(file));
            _offset = isFirst || isReplaced ? 0 : _offset;
            file.Position = _offset;
            var bytes = new byte[file.Length - _offset];
            file.ReadExactly(bytes);

            // Lines of these steps were told before.
            var told = isReplaced ? _step : -1;

            // A line that is not complete is read the next time.
            var end = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
            foreach (var line in Encoding.UTF8.GetString(bytes, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                Tell(line, isFirst ? null : tell, told);
            }

            _offset += end;
            _mark = end >= MarkBytes || isFirst || isReplaced ? bytes[Math.Max(0, end - MarkBytes)..end] : [.. _mark, .. bytes[..end]];
            _mark = _mark[Math.Max(0, _mark.Length - MarkBytes)..];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another time.
        }
    }

    private bool HasMark(FileStream file)
    {
        if (file.Length < _offset)
        {
            return false;
        }

        var mark = new byte[_mark.Length];
        file.Position = _offset - mark.Length;
        file.ReadExactly(mark);
        return mark.AsSpan().SequenceEqual(_mark);
    }

    /// <param name="line">A line.</param>
    /// <param name="tell">Null: nobody hears of it.</param>
    /// <param name="told">The last step that they heard of.</param>
    private void Tell(string line, Action<long, string, IReadOnlyList<(string Name, double Value)>>? tell, long told)
    {
        try
        {
            var figures = JsonNode.Parse(line)!.AsObject();
            var (step, kind) = ((long)figures["step"]!, (string)figures["kind"]!);
            if (step > told)
            {
                tell?.Invoke(step, kind, [.. ValuesOf(figures), .. ValuesOf(figures["time"]!.AsObject())]);
            }

            _step = kind == "train" ? step : _step;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException or FormatException
            or ArgumentException)
        {
            // A line that a killed process did not finish.
        }
    }

    private static IEnumerable<(string Name, double Value)> ValuesOf(JsonObject figures) => figures
        .Where(figure => figure.Key != "step" && (figure.Value is null || figure.Value.GetValueKind() == JsonValueKind.Number))
        .Select(figure => (figure.Key, figure.Value is null ? double.NaN : (double)figure.Value));
}
