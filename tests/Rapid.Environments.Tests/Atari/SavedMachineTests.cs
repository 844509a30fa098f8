using Rapid.Environments.Atari;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine;
using Rapid.Environments.Atari.Roms;

namespace Rapid.Environments.Tests.Atari;

/// <summary>Nothing of a machine is forgotten where it goes back to an earlier moment.</summary>
public sealed class SavedMachineTests
{
    // What is kept for going back, whether and how far frames were put off, and what is computed again from the registers.
    private static readonly string[] Free =
    [
        "_kept", "_keptInputs", "_keptState", "_keptScreen", "_keptLatches", "_keptBus", "Draws", "_drawsWhole", "DrawsFrames", "_touched",
        "_changed", "_stale", "_masks",
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
