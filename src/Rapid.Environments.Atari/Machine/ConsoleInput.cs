namespace Rapid.Environments.Atari.Machine;

/// <summary>What is on the console's pins during a frame.</summary>
internal struct ConsoleInput
{
    /// <summary>Resistance of a pin that nothing is connected to.</summary>
    public const int Open = int.MaxValue;

    /// <summary>SWCHA: directions of both joysticks, or fire buttons of the paddles; 0 is pressed.</summary>
    public byte PortA;

    /// <summary>SWCHB: the console's switches; 0 is pressed.</summary>
    public byte Switches;

    /// <summary>INPT4 and INPT5 in bits 0 and 1: fire buttons of the joysticks; 1 is pressed.</summary>
    public byte Fire;

    /// <summary>Ohms at INPT0..INPT3.</summary>
    public int Pot0, Pot1, Pot2, Pot3;

    /// <summary>Nothing pressed, both difficulty switches at B, no paddles.</summary>
    public static ConsoleInput Idle => new()
    {
        PortA = 0xFF,
        Switches = 0x3F,
        Pot0 = Open,
        Pot1 = Open,
        Pot2 = Open,
        Pot3 = Open,
    };
}
