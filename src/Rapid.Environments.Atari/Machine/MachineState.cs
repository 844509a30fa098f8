namespace Rapid.Environments.Atari.Machine;

/// <summary>Everything that a saved state of the machine holds but its random generator, which only a reset draws from.</summary>
/// <param name="memory">Bytes of the cartridge's memory.</param>
/// <param name="cartridge">Integers of the cartridge's state.</param>
internal sealed class MachineState(int memory, int cartridge)
{
    /// <summary>Processor.</summary>
    public Cpu6507.State Processor { get; set; }

    /// <summary>RIOT but its memory.</summary>
    public Riot.State Timer { get; set; }

    /// <summary>TIA.</summary>
    public Tia.State Graphics { get; set; }

    /// <summary>[128], RIOT memory.</summary>
    public byte[] Ram { get; } = new byte[128];

    /// <summary>The cartridge's memory.</summary>
    public byte[] CartridgeMemory { get; } = new byte[memory];

    /// <summary>The cartridge's banks and counters.</summary>
    public int[] CartridgeState { get; } = new int[cartridge];
}
