namespace Rapid.Cli.Play;

/// <summary>
/// A joystick made of keys. Terminals tell when a key goes down and repeat it, never when it goes up, so that a key counts as
/// held for a while after it was last heard of.
/// </summary>
internal sealed class Keyboard
{
    /// <summary>Which keys there are.</summary>
    public const string Hint = "arrows or WASD move, space fires, q ends";

    // Steps of a 30th of a second: a direction bridges most of the pause before a key repeats.
    private const int DirectionSteps = 9, FireSteps = 3;

    // Arcade actions by direction, rows up, middle, down; the button makes 1 of 0 and adds 8 to the others.
    private static readonly int[] Directions = [7, 2, 6, 4, 0, 3, 9, 5, 8];

    private int _x, _y, _xLeft, _yLeft, _fireLeft;

    /// <summary>The user wants to end.</summary>
    public bool HasQuit { get; private set; }

    /// <summary>Reads the keys since the last call.</summary>
    /// <returns>One of the eighteen actions.</returns>
    public int Read()
    {
        (_xLeft, _yLeft, _fireLeft) = (_xLeft - 1, _yLeft - 1, _fireLeft - 1);
        while (Console.KeyAvailable)
        {
            Press(Console.ReadKey(intercept: true).Key);
        }

        var direction = Directions[((_yLeft > 0 ? _y : 0) * 3) + (_xLeft > 0 ? _x : 0) + 4];
        return _fireLeft <= 0 ? direction : direction == 0 ? 1 : direction + 8;
    }

    private void Press(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.LeftArrow or ConsoleKey.A:
                (_x, _xLeft) = (-1, DirectionSteps);
                break;
            case ConsoleKey.RightArrow or ConsoleKey.D:
                (_x, _xLeft) = (1, DirectionSteps);
                break;
            case ConsoleKey.UpArrow or ConsoleKey.W:
                (_y, _yLeft) = (-1, DirectionSteps);
                break;
            case ConsoleKey.DownArrow or ConsoleKey.S:
                (_y, _yLeft) = (1, DirectionSteps);
                break;
            case ConsoleKey.Spacebar:
                _fireLeft = FireSteps;
                break;
            case ConsoleKey.Q or ConsoleKey.Escape:
                HasQuit = true;
                break;
        }
    }
}
