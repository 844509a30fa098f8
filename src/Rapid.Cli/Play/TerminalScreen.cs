using System.Globalization;
using System.Text;

namespace Rapid.Cli.Play;

/// <summary>The terminal, on its second page, so that the first is as before when the game ends.</summary>
internal sealed class TerminalScreen : IScreen
{
    private const string Enter = "\e[?1049h\e[?25l", Leave = "\e[0m\e[?25h\e[?1049l";

    // Where the terminal does not say how large it is.
    private const int UsualColumns = 80, UsualLines = 24;

    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly StringBuilder _text = new();
    private readonly HalfBlocks _blocks = new();
    private readonly string _hint;
    private PeriodicTimer? _timer;
    private volatile bool _isOpen;

    /// <summary>Nothing is drawn before the first picture: what goes wrong until then is said on the user's own page.</summary>
    /// <param name="hint">Which keys there are; shown below the picture.</param>
    public TerminalScreen(string hint) => _hint = hint;

    /// <summary>Whether the output is a terminal that can move its cursor.</summary>
    public static bool IsThere =>
        !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb" or "unknown");

    /// <summary>Gives the terminal back; may be called at any time, from any thread.</summary>
    public void Restore()
    {
        if (_isOpen)
        {
            Write(Leave);
        }
    }

    /// <inheritdoc/>
    public int PreferredHeight => 240;

    /// <inheritdoc/>
    public double MostPerSecond => 30;

    /// <inheritdoc/>
    public async Task ShowAsync(Picture picture, CancellationToken stop)
    {
        if (!_isOpen)
        {
            _isOpen = true;
            Write(Enter);
        }

        _timer ??= new PeriodicTimer(TimeSpan.FromSeconds(1.0 / picture.PerSecond));
        await _timer.WaitForNextTickAsync(stop);
        var (columns, lines) = (Size(Console.WindowWidth, UsualColumns), Size(Console.WindowHeight, UsualLines));
        _text.Clear();
        var used = _blocks.Draw(picture, columns, Math.Max(1, lines - 1), _text);
        var status = $" {picture.Status}   {_hint}";
        _text.Append(CultureInfo.InvariantCulture, $"\e[0m\e[{used + 1};1H{status[..Math.Min(status.Length, columns)]}\e[K");
        await _output.WriteAsync(Encoding.UTF8.GetBytes(_text.ToString()), stop);
    }

    /// <inheritdoc/>
    public Task<string?> FinishAsync() => Task.FromResult<string?>(null);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Restore();
        _timer?.Dispose();
        await _output.DisposeAsync();
    }

    private static int Size(int told, int usual) => told > 0 ? told : usual;

    private void Write(string text)
    {
        _output.Write(Encoding.UTF8.GetBytes(text));
        _output.Flush();
    }
}
