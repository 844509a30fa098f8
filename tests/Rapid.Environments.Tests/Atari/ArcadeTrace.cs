using System.Globalization;
using System.IO.Compression;
using Rapid.Environments.Atari.Arcade;
using Rapid.Environments.Atari.Games;

namespace Rapid.Environments.Tests.Atari;

/// <summary>One row of a reference trace: what the console shows after a reset (R) or a step (S).</summary>
internal sealed record TraceRow(int Frame, char Kind, int Action, int Reward, bool Terminal, int Lives, uint Screen, uint Ram);

/// <summary>A trace of the reference emulator under tests/golden/atari.</summary>
internal sealed record ArcadeTrace(IReadOnlyDictionary<string, string> Header, int[] MinimalActions, TraceRow[] Rows)
{
    public static ArcadeTrace Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var header = reader.ReadLine()![1..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(item => item.Split('='))
            .ToDictionary(item => item[0], item => item[1]);
        var minimal = reader.ReadLine()!["#minset=".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        reader.ReadLine();
        var rows = new List<TraceRow>();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split('\t');
            rows.Add(new TraceRow(
                Number(cells[0]), cells[1][0], Number(cells[2]), Number(cells[3]), cells[4] == "1", Number(cells[5]),
                Hexadecimal(cells[6]), Hexadecimal(cells[7])));
        }

        return new ArcadeTrace(header, [.. minimal.Select(Number)], [.. rows]);
    }

    public ArcadeConsole Play(byte[] rom, GameDescription game) => new(rom, game, new ArcadeSettings
    {
        RandomSeed = uint.Parse(Header["seed"], CultureInfo.InvariantCulture),
        FrameSkip = Number(Header["skip"]),
        RepeatActionProbability = float.Parse(Header["rap"], CultureInfo.InvariantCulture),
    });

    /// <summary>The trace's actions, from its own generator, anew every hold steps.</summary>
    public IEnumerable<int> Actions()
    {
        var set = Header["set"] == "min" ? MinimalActions : [.. Enumerable.Range(0, 18)];
        var hold = Number(Header["hold"]);
        var state = uint.Parse(Header["aseed"], CultureInfo.InvariantCulture);
        while (true)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            for (var i = 0; i < hold; i++)
            {
                yield return set[state % (uint)set.Length];
            }
        }
    }

    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(value =>
    {
        var crc = (uint)value;
        for (var bit = 0; bit < 8; bit++)
        {
            crc = (crc >> 1) ^ (0xEDB88320u & (0 - (crc & 1)));
        }

        return crc;
    })];

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    static uint Hexadecimal(string text) => uint.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
