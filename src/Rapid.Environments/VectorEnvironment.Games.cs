namespace Rapid.Environments;

/// <summary>Hears of a game that is played again.</summary>
/// <param name="reward">Of the step, as learned from.</param>
/// <param name="ended">The step ended an episode, though not the game.</param>
public delegate void ReplayedStep(float reward, bool ended);

public sealed partial class VectorEnvironment
{
    private readonly GameStart[]? _starts;

    /// <summary>How the game that environment i is in began; overwritten by the next.</summary>
    /// <exception cref="InvalidOperationException">The vector keeps no starts.</exception>
    public GameStart StartOf(int i) => _starts?[i] ?? throw new InvalidOperationException("the vector was made without keepsStarts");

    /// <summary>
    /// Plays a game again, up to where another vector of such environments was in it; environment i then goes on bit for bit as that one.
    /// It must be as it was made.
    /// </summary>
    /// <param name="i">Which one of the vector.</param>
    /// <param name="start">How the game began.</param>
    /// <param name="actions">[L, act], all of the game so far, as they were given.</param>
    /// <param name="observations">[N, obs]; row i is written at the start and at every step.</param>
    /// <param name="begun">Called when row i is the first observation.</param>
    /// <param name="stepped">Called after every step.</param>
    /// <exception cref="InvalidDataException">The game ends before its actions do: the environment is another one, or is not deterministic
    /// for its random stream and its actions.</exception>
    /// <exception cref="ArgumentException">What was carried over is not this environment's.</exception>
    public void Replay(
        int i, GameStart start, ReadOnlyMemory<float> actions, Memory<float> observations, Action begun, ReplayedStep stepped)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(begun);
        ArgumentNullException.ThrowIfNull(stepped);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _streams[i].ImportState(start.Random);
        if (!start.Carried.IsEmpty)
        {
            var carryOver = _environments[i].CarryOver
                ?? throw new ArgumentException("the environment carries nothing from game to game", nameof(start));
            carryOver.RestoreCarried(start.Carried.Span);
        }

        var row = new float[Count * _actionSize];
        (_actions, _observations, _finals) = (row, observations, new float[Count * _observationSize]);
        Watched("begin a game again", () => Restart(i, Row(_observations, i)));
        begun();
        for (var at = 0; at < actions.Length; at += _actionSize)
        {
            actions.Span.Slice(at, _actionSize).CopyTo(row.AsSpan(i * _actionSize));
            Watched("do a step of a game again", () => StepRange(i, i + 1));
            var result = _results[i];
            if (result.Breakdown is not null || IsGameOver(result))
            {
                throw new InvalidDataException(
                    $"a game of {actions.Length / _actionSize} actions ended after {at / _actionSize + 1} when it was played again"
                    + $"{(result.Breakdown is { } reason ? $" ({reason})" : "")}: the environment is not deterministic for its random "
                    + "stream and its actions, or brings something from earlier games that it does not say");
            }

            Account(i, result);
            stepped((float)result.Reward, result.Terminated || result.Truncated);
        }
    }

    private void Watched(string what, Action call)
    {
        _watch?.Enter(what);
        try
        {
            call();
        }
        finally
        {
            _watch?.Leave();
        }
    }

    private void Begin(int i, Span<float> observation, bool isGame)
    {
        if (isGame && _starts is not null)
        {
            _streams[i].ExportState(_starts[i].Random);
            _starts[i].Carried = _environments[i].CarryOver?.SaveCarried();
        }

        _environments[i].Reset(_streams[i], observation);
    }
}
