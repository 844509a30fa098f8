using System.Reflection;
using Rapid.Environments.Atari.Arcade;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine;
using Rapid.Environments.Atari.Machine.Cartridges;
using Rapid.Environments.Atari.Roms;

namespace Rapid.Environments.Tests.Atari;

/// <summary>Nothing of a machine is forgotten where it goes back to an earlier moment.</summary>
public sealed class SavedMachineTests
{
    // What may differ, and why nothing follows from it: what is kept for going back is written before it is read, whenever a first frame is
    // left undrawn; whether frames are drawn is told anew by the caller for each one, and noted when it starts; and pairs of objects that
    // are known to be apart are a shortcut, forgotten as soon as one of the two changes.
    private static readonly string[] Free =
    [
        "_keptInputs", "_keptState", "_keptScreen", "_keptLatches", "_keptLooks", "Draws", "_drawsWhole", "DrawsFrames", "_apart",
    ];

    [Fact]
    public void Drawing_afterwards_leaves_every_field_as_drawing_at_once_does()
    {
        var differences = new SortedSet<string>();
        for (var seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            var rom = Program(random);
            var (drawn, undrawn) = (new Atari2600(rom, new ConsoleProperties()), new Atari2600(rom, new ConsoleProperties()));
            for (var round = 0; round < 4; round++)
            {
                for (var frames = random.Next(1, 6); frames > 0; frames--)
                {
                    drawn.RunFrame(ConsoleInput.Idle);
                    undrawn.RunFrame(ConsoleInput.Idle, draw: random.Next(3) == 0);
                }

                undrawn.DrawAll();
                Settle(drawn.Graphics);
                Settle(undrawn.Graphics);
                foreach (var difference in FieldComparison.Differences(drawn, undrawn, Free))
                {
                    differences.Add($"program {seed} {difference}");
                }
            }
        }

        Assert.Empty(differences);
    }

    [Fact]
    public void A_restored_console_goes_on_as_the_one_that_was_saved_in_every_field()
    {
        var (one, other) = (Console(), Console());
        Play(one, 400, 1);
        Play(other, 150, 2);
        other.Restore(one.Save(withRandom: true));
        Play(one, 5, 3);
        Play(other, 5, 3);

        Assert.Empty(FieldComparison.Differences(one, other, Free));

        static ArcadeConsole Console() => new(
            BuiltInRoms.Read("duel"), GameTable.Find("duel")!, new ArcadeSettings { RepeatActionProbability = 0.25f });

        static void Play(ArcadeConsole console, int frames, int seed)
        {
            var random = new Random(seed);
            for (; frames > 0; frames--)
            {
                console.DrawsFrames = frames <= 4 || random.Next(2) == 0;
                console.Act(frames > 4 ? random.Next(18) : 0);
            }
        }
    }

    [Fact]
    public void A_frame_that_a_reset_left_unfinished_collides_the_same_when_it_is_drawn_afterwards()
    {
        // A player from line 60 on meets a playfield from line 100 on; at line 150 both go, and the latch goes to memory.
        List<byte> code = [];
        Wait(code, 60);
        code.AddRange([0x85, 0x2C, 0xA9, 0xFF, 0x85, 0x1B]);
        Wait(code, 40);
        code.AddRange([0xA9, 0xFF, 0x85, 0x0D, 0x85, 0x0E, 0x85, 0x0F]);
        Wait(code, 50);
        code.AddRange([0xA9, 0x00, 0x85, 0x1B, 0x85, 0x0D, 0x85, 0x0E, 0x85, 0x0F, 0xA5, 0x02, 0x85, 0x80]);
        Linger(code);
        var rom = TinyRom.Once([.. code]);
        var (drawn, undrawn) = (Unfinished(rom), Unfinished(rom));
        drawn.Reset();
        undrawn.Reset();
        for (var frame = 0; frame < 8; frame++)
        {
            drawn.RunFrame(ConsoleInput.Idle);
            undrawn.RunFrame(ConsoleInput.Idle, draw: false);
        }

        undrawn.DrawAll();
        Assert.Equal(0x80, drawn.Ram[0] & 0xC0);
        Assert.Equal(drawn.Ram, undrawn.Ram);
        Assert.Equal(drawn.Graphics.Screen, undrawn.Graphics.Screen);
        Assert.Equal(drawn.Graphics.Registers, undrawn.Graphics.Registers);
    }

    [Fact]
    public void A_state_within_a_frame_is_drawn_no_further_than_its_program_has_come()
    {
        List<byte> code = [0xA9, 0x4A, 0x85, 0x09]; // COLUBK
        Wait(code, 60);
        Linger(code);
        code.AddRange([0xA9, 0x1C, 0x85, 0x09]);
        var machine = Unfinished(TinyRom.Once([.. code]));
        var state = machine.NewState();
        machine.Save(state);
        var registers = machine.Graphics.Registers;
        for (var frame = 0; frame < 8; frame++)
        {
            machine.RunFrame(ConsoleInput.Idle);
        }

        Assert.False(machine.Graphics.InFrame);
        machine.Restore(state);
        byte[] screen = [.. machine.Graphics.Screen];

        // Nothing but loops: the graphics chip is not touched.
        machine.RunFrame(ConsoleInput.Idle);
        Assert.Equal(screen, machine.Graphics.Screen);
        Assert.Equal(registers, machine.Graphics.Registers);
    }

    [Fact]
    public void A_program_whose_frames_do_not_end_is_taken_for_pal_by_the_lines_so_far()
    {
        // Never a write to the graphics chip: every frame goes on until its instructions are used up, hundreds of lines later.
        var machine = new Atari2600(TinyRom.Image([0x4C, 0x00, 0xF0]), new ConsoleProperties());
        Assert.Equal((TelevisionStandard.Pal, 250), (machine.Television, machine.Graphics.Screen.Length / Tia.Width));
        var finished = new Atari2600(TinyRom.Once(), new ConsoleProperties());
        Assert.Equal(TelevisionStandard.Ntsc, finished.Television);
    }

    [Fact]
    public void A_cartridge_with_the_contents_of_its_memory_draws_no_random_bytes()
    {
        var rom = new byte[4096];
        Array.Fill(rom, (byte)0x55, 0, 1024);
        byte[] signature = [0x9D, 0xFF, 0xF3];
        signature.CopyTo(rom, 3000);
        var saved = new Atari2600(rom, new ConsoleProperties { Television = TelevisionStandard.Ntsc });
        var generator = new MersenneTwister(4753849);
        for (var drawn = 0; drawn < 128 + 1 + 1; drawn++)
        {
            // Memory, then the timer when it is made and at the reset.
            generator.Next();
        }

        var (expected, actual) = (new uint[MersenneTwister.StateSize], new uint[MersenneTwister.StateSize]);
        generator.Save(expected);
        saved.SaveRandom(actual);
        Assert.Equal(expected, actual);
    }

    /// <summary>A machine whose first frame has used up its instructions before it ended.</summary>
    private static Atari2600 Unfinished(byte[] rom)
    {
        var machine = new Atari2600(rom, new ConsoleProperties { Television = TelevisionStandard.Ntsc });
        machine.RunFrame(ConsoleInput.Idle);
        Assert.True(machine.Graphics.InFrame);
        return machine;
    }

    private static void Wait(List<byte> code, byte lines) => code.AddRange([0xA2, lines, 0x85, 0x02, 0xCA, 0xD0, 0xFB]);

    /// <summary>Loops of 100 times 512 instructions, which the graphics chip does not see.</summary>
    private static void Linger(List<byte> code) => code.AddRange([0xA0, 100, 0xA2, 0x00, 0xCA, 0xD0, 0xFD, 0x88, 0xD0, 0xF8]);

    /// <summary>Does at once what the chip puts off until it draws the next time: which objects are on, and their pixels.</summary>
    private static void Settle(Tia graphics)
    {
        const BindingFlags Private = BindingFlags.Instance | BindingFlags.NonPublic;
        typeof(Tia).GetMethod("SwitchObjects", Private)!.Invoke(graphics, []);
        typeof(Tia).GetMethod("MakeMasks", Private)!.Invoke(graphics, [63]);
    }

    /// <summary>Random writes to the graphics chip between waits, some so long that a frame does not end within its instructions.</summary>
    private static byte[] Program(Random random)
    {
        List<byte> code = [0xA2, 40, 0x85, 0x02, 0xCA, 0xD0, 0xFB];
        for (var write = random.Next(5, 40); write > 0; write--)
        {
            code.AddRange([0xA9, (byte)random.Next(256), 0x85, (byte)random.Next(0x04, 0x2D)]);
            code.AddRange(Enumerable.Repeat((byte)0xEA, random.Next(6)));
            if (random.Next(6) == 0)
            {
                code.AddRange([0xA5, (byte)random.Next(8), 0x85, (byte)(0x80 + random.Next(100))]); // a latch to memory
            }

            if (random.Next(4) == 0)
            {
                code.AddRange([0xA2, (byte)random.Next(1, 9), 0x85, 0x02, 0xCA, 0xD0, 0xFB]); // some lines
            }

            if (random.Next(25) == 0)
            {
                code.AddRange([0xA0, (byte)random.Next(20, 60), 0xA2, 0x00, 0xCA, 0xD0, 0xFD, 0x88, 0xD0, 0xF8]); // 512 instructions each
            }
        }

        // Before the first frame's end too: a reset leaves an unfinished frame unfinished.
        return TinyRom.Frames([0xA9, 0x00, 0x85, 0x01, .. code], [.. code], lines: 200);
    }
}
