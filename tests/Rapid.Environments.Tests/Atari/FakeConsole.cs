using System.Globalization;
using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Tests.Atari;

/// <summary>Memory that a test writes, and switches that note who pressed them.</summary>
internal sealed class FakeConsole : IGameControls
{
    private readonly byte[] _bus = new byte[0x10000];
    private int _steps;

    /// <summary>SN, R, AN in the order of events.</summary>
    public List<string> Log { get; } = [];

    /// <summary>What the memory becomes after each pressed SELECT and each action.</summary>
    public IReadOnlyList<string> Pokes { get; init; } = [];

    public Queue<uint> Random { get; init; } = [];

    /// <summary>Told after every emulated frame of a step.</summary>
    public GameRules? Rules { get; init; }

    public ReadOnlySpan<byte> Ram => _bus.AsSpan(0x80, 128);

    public byte Peek(ushort address) => _bus[address];

    /// <summary>Writes "AB=12 9A..D8=01".</summary>
    public void Poke(string bytes)
    {
        foreach (var word in bytes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var (range, value) = (word.Split('=')[0], Hex(word.Split('=')[1]));
            var first = Hex(range.Split("..")[0]);
            var last = range.Contains("..", StringComparison.Ordinal) ? Hex(range.Split("..")[1]) : first;
            _bus.AsSpan(first, last - first + 1).Fill((byte)value);
        }
    }

    public void PressSelect(int frames) => Note($"S{frames}", changes: true);

    public void SoftReset() => Note("R", changes: false);

    public void Act(int action) => Note($"A{action}", changes: true);

    public uint NextRandom() => Random.Dequeue();

    private void Note(string step, bool changes)
    {
        Log.Add(step);
        if (changes && _steps < Pokes.Count)
        {
            Poke(Pokes[_steps++]);
        }

        Rules?.Step(this);
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
