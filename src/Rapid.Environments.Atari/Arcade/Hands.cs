using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine;

namespace Rapid.Environments.Atari.Arcade;

/// <summary>Turns actions into what is on the console's pins: sticks, paddles and switches.</summary>
internal sealed class Hands
{
    // Ohms that a paddle turns a frame, and its range.
    private const int PaddleDelta = 23000, PaddleLowest = 27450, PaddleHighest = 790196;

    private const int Up = 1, Down = 2, Left = 4, Right = 8, Fire = 16;
    private const float StickThreshold = 0.5f;

    private static ReadOnlySpan<byte> Parts =>
    [
        0, Fire, Up, Right, Left, Down, Up | Right, Up | Left, Down | Right, Down | Left, Up | Fire, Right | Fire, Left | Fire, Down | Fire,
        Up | Right | Fire, Up | Left | Fire, Down | Right | Fire, Down | Left | Fire,
    ];

    private readonly ConsoleProperties _properties;
    private readonly bool _paddles;
    private readonly int _minimum, _maximum;

    /// <summary>Hands for a console that is set up in this way.</summary>
    /// <exception cref="ArgumentException">The paddles' range is empty or negative.</exception>
    public Hands(ConsoleProperties properties, ArcadeSettings settings)
    {
        _properties = properties;
        _paddles = properties.Left == Controller.Paddles || properties.Right == Controller.Paddles;
        _minimum = settings.PaddleMin ?? PaddleLowest;
        _maximum = settings.PaddleMax ?? properties.PaddleMaximum ?? PaddleHighest;
        if (_minimum < 0 || _minimum > _maximum)
        {
            throw new ArgumentException($"paddle_min: {_minimum} ohms is out of range; allowed: 0 to paddle_max, which is {_maximum}");
        }

        CentrePaddles();
    }

    /// <summary>Resistance of each player's paddle.</summary>
    public (int First, int Second) Paddles { get; set; }

    /// <summary>Both paddles in the middle.</summary>
    public void CentrePaddles() => Paddles = ((_minimum + _maximum) / 2, (_minimum + _maximum) / 2);

    /// <summary>The pins while an action is played; turns the paddle.</summary>
    /// <param name="action">0..17 or <see cref="ArcadeConsole.ResetAction"/>.</param>
    /// <param name="strength">Part of a paddle's full movement.</param>
    /// <param name="difficulty">Bit 0 the left switch, bit 1 the right one.</param>
    public ConsoleInput Press(int action, float strength, int difficulty)
    {
        var parts = action < Parts.Length ? Parts[action] : 0;
        if (_paddles)
        {
            Turn(parts, strength);
        }

        var input = Released(difficulty);
        if (action == ArcadeConsole.ResetAction)
        {
            input.Switches &= 0xFE;
        }
        else if (!_paddles)
        {
            var directions = parts & (Up | Down | Left | Right);
            input.PortA = (byte)~(_properties.SwapPorts ? directions : directions << 4);
            input.Fire = (byte)((parts & Fire) == 0 ? 0 : _properties.SwapPorts ? 2 : 1);
        }
        else if ((parts & Fire) != 0 && _properties.Left == Controller.Paddles)
        {
            input.PortA = (byte)~(_properties.SwapPaddles ? 0x40 : 0x80);
        }

        return input;
    }

    /// <summary>The pins while SELECT is held.</summary>
    public ConsoleInput PressSelect(int difficulty)
    {
        var input = Released(difficulty);
        input.Switches &= 0xFD;
        return input;
    }

    /// <summary>The discrete action that a stick's position comes down to.</summary>
    public static int FromPolar(float radius, float angle, float fire)
    {
        var x = radius * MathF.Cos(angle);
        var y = radius * MathF.Sin(angle);
        var parts = (x > StickThreshold ? Right : x < -StickThreshold ? Left : 0)
            | (y > StickThreshold ? Up : y < -StickThreshold ? Down : 0) | (fire > StickThreshold ? Fire : 0);
        return Parts.IndexOf((byte)parts);
    }

    private ConsoleInput Released(int difficulty)
    {
        var input = ConsoleInput.Idle;
        input.Switches |= (byte)((difficulty & 3) << 6);
        if (_properties.Left == Controller.Paddles)
        {
            (input.Pot0, input.Pot1) = _properties.SwapPaddles ? (Paddles.Second, Paddles.First) : Paddles;
        }

        if (_properties.Right == Controller.Paddles)
        {
            (input.Pot2, input.Pot3) = (0, 0);
        }

        return input;
    }

    private void Turn(int parts, float strength)
    {
        var (first, second) = Paddles;
        var delta = (int)(PaddleDelta * MathF.Abs(strength));
        if ((parts & Right) != 0)
        {
            first -= delta;
        }
        else if ((parts & Left) != 0)
        {
            first += delta;
        }

        Paddles = (Math.Clamp(first, _minimum, _maximum), Math.Clamp(second, _minimum, _maximum));
    }
}
