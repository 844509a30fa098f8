using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Machine;
using Rapid.Environments.Atari.Machine.Cartridges;

namespace Rapid.Environments.Tests.Atari;

public sealed class CartridgeTests
{
    [Theory]
    [InlineData(8, 0xFF8, 2, 1)]
    [InlineData(16, 0xFF6, 4, 0)]
    [InlineData(32, 0xFF4, 8, 0)]
    public void Reading_or_writing_a_spot_selects_its_bank(int kilobytes, int spot, int banks, int start)
    {
        var cartridge = Create(Banks(kilobytes));
        Assert.Equal(start, cartridge.Peek(0x1500));
        for (var bank = 0; bank < banks; bank++)
        {
            Assert.Equal(bank, cartridge.Read(0x1000 + spot + bank));
            Assert.Equal(bank, cartridge.Peek(0xF500));
            cartridge.Write(0xF000 + spot + banks - 1 - bank, 0);
            Assert.Equal(banks - 1 - bank, cartridge.Peek(0x1500));
        }
    }

    [Theory]
    [InlineData(8, 0xFF8, 128)]
    [InlineData(16, 0xFF6, 128)]
    [InlineData(32, 0xFF4, 128)]
    [InlineData(12, 0xFF8, 256)]
    public void A_cartridge_with_memory_writes_it_at_the_start_and_reads_it_behind(int kilobytes, int spot, int size)
    {
        var rom = Banks(kilobytes);
        for (var bank = 0; bank < rom.Length; bank += 4096)
        {
            rom.AsSpan(bank, 256).Fill(0xFF);
        }

        var cartridge = Create(rom);
        Assert.Equal(size, cartridge.Memory.Length);
        cartridge.Write(0x1000 + size - 1, 0x42);
        Assert.Equal(0x42, cartridge.Read(0x1000 + (2 * size) - 1));
        Assert.Equal(0xFF, cartridge.Read(0x1000 + size - 1));
        cartridge.Read(0x1000 + spot);
        Assert.Equal(0x42, cartridge.Read(0x1000 + (2 * size) - 1));
        Assert.Equal(0, cartridge.Peek(0x1500));
    }

    [Theory]
    [InlineData(8, 0xFF8, true)]
    [InlineData(16, 0xFF6, true)]
    [InlineData(32, 0xFF5, false)]
    public void Writes_to_a_spot_select_its_bank_but_in_F4SC(int kilobytes, int spot, bool selects)
    {
        var rom = Banks(kilobytes);
        for (var bank = 0; bank < rom.Length; bank += 4096)
        {
            rom.AsSpan(bank, 256).Fill(0xFF);
        }

        var cartridge = Create(rom);
        cartridge.Read(0x1FF9);
        var before = cartridge.Peek(0x1500);
        cartridge.Write(0x1000 + spot, 0);
        Assert.Equal(selects, cartridge.Peek(0x1500) != before);
        cartridge.Read(0x1000 + spot);
        Assert.NotEqual(before, cartridge.Peek(0x1500));
    }

    [Fact]
    public void Memory_of_a_cartridge_is_random_after_a_reset()
    {
        var cartridge = new BankedCartridge(Banks(12), 0xFF8, 2, memory: 256);
        var random = new MersenneTwister(3);
        cartridge.Reset(random);
        var expected = new MersenneTwister(3);
        Assert.Equal([.. Enumerable.Range(0, 256).Select(_ => (byte)expected.Next())], cartridge.Memory);
        Assert.Equal(expected.Next(), random.Next());
    }

    [Fact]
    public void E0_shows_four_slices_of_which_three_change()
    {
        var rom = Slices(8, 1024);
        byte[] signature = [0x8D, 0xE0, 0x1F];
        signature.CopyTo(rom, 10);
        var cartridge = Create(rom);
        Assert.IsType<E0Cartridge>(cartridge);
        Assert.Equal([4, 5, 6, 7], View(cartridge, 1024));
        cartridge.Read(0x1FE1);
        cartridge.Write(0x1FED, 0);
        cartridge.Read(0xFFF3);
        Assert.Equal([1, 5, 3, 7], View(cartridge, 1024));
    }

    [Fact]
    public void FE_has_its_bank_in_address_line_13()
    {
        var rom = Banks(8);
        byte[] signature = [0x20, 0x00, 0xD0, 0xC6, 0xC5];
        signature.CopyTo(rom, 10);
        var cartridge = Create(rom);
        Assert.IsType<FeCartridge>(cartridge);
        Assert.Equal((1, 0), (cartridge.Read(0xD500), cartridge.Read(0xF500)));
    }

    [Fact]
    public void A_program_in_both_halves_of_an_FE_cartridge_runs()
    {
        // Starts in the half at F000, jumps to the one at D000, which jumps back.
        var rom = new byte[8192];
        byte[] first = [0xA9, 0x11, 0x85, 0x80, 0x4C, 0x00, 0xD1];
        first.CopyTo(rom, 0);
        byte[] second = [0xAD, 0x00, 0xF3, 0x85, 0x81, 0xAD, 0x00, 0xD3, 0x85, 0x82, 0x4C, 0x00, 0xF2];
        second.CopyTo(rom, 4096 + 0x100);
        byte[] third = [0xA9, 0x33, 0x85, 0x83, 0x4C, 0x04, 0xF2];
        third.CopyTo(rom, 0x200);
        (rom[0x300], rom[4096 + 0x300]) = (0x55, 0x66);
        (rom[0xFFC], rom[0xFFD]) = (0x00, 0xF0);
        byte[] signature = [0x20, 0x00, 0xD0, 0xC6, 0xC5];
        signature.CopyTo(rom, 0x800);
        var machine = new Atari2600(rom, new ConsoleProperties());
        machine.RunFrame(ConsoleInput.Idle);
        Assert.Equal([0x11, 0x55, 0x66, 0x33], machine.Ram[..4]);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(512)]
    public void A_3F_cartridge_shows_the_slice_that_is_written_below_40(int kilobytes)
    {
        var rom = Slices(kilobytes, 2048);
        byte[] signature = [0x85, 0x3F, 0xEA, 0x85, 0x3F, 0xEA];
        signature.CopyTo(rom, 10);
        var cartridge = Create(rom);
        Assert.True(cartridge.Listens);
        var last = (byte)((kilobytes / 2) - 1);
        Assert.Equal([0, last], View(cartridge, 2048));
        cartridge.Overhear(0x3F, 2);
        Assert.Equal([2, last], View(cartridge, 2048));
        cartridge.Overhear(0x00, 1);
        cartridge.Overhear(0x40, 3);
        Assert.Equal([1, last], View(cartridge, 2048));
    }

    [Fact]
    public void A_3E_cartridge_has_memory_in_place_of_a_slice()
    {
        var rom = Slices(8, 2048);
        byte[] signature = [0x85, 0x3E, 0xA9, 0x00];
        signature.CopyTo(rom, 10);
        var cartridge = Create(rom);
        cartridge.Overhear(0x3E, 5);
        cartridge.Write(0x1401, 0x77);
        Assert.Equal(0x77, cartridge.Peek(0x1001));
        cartridge.Overhear(0x3F, 2);
        cartridge.Write(0x1401, 0x11);
        Assert.Equal([2, 3], View(cartridge, 2048));
        cartridge.Overhear(0x3E, 5);
        Assert.Equal(0x77, cartridge.Peek(0x1001));
    }

    [Fact]
    public void A_3F_cartridge_owns_the_first_addresses_and_passes_its_writes_on_to_the_graphics_chip()
    {
        var rom = Slices(8, 2048);
        byte[] code =
        [
            0xA9, 0x01, 0x85, 0x3F, 0xA5, 0x10, 0x85, 0x80, // a read below $40 finds slice 1
            0xA9, 0x46, 0x8D, 0x09, 0xF0, 0xAD, 0x10, 0x20, 0x85, 0x81, // a write to $F009 selects slice 46 % 4, and the background
            0xAD, 0x50, 0x21, 0x85, 0x82, // CXM0P, without a collision: the upper byte of the address
            0xA9, 0x85, 0x8D, 0x0D, 0xF8, 0xA5, 0x10, 0x85, 0x83, // a write to $F80D selects none, and is PF0
            0xA9, 0x06, 0x85, 0x3F, 0x4C, 0x24, 0xF8,
        ];
        var machine = Start(rom, code);
        Assert.Equal([1, 2, 0x21, 2], machine.Ram[..4]);
        Assert.Equal((0x46, 0x8u), (machine.Graphics.Registers.ColourBackground, machine.Graphics.Registers.PlayfieldBits));
    }

    [Fact]
    public void A_3E_cartridge_passes_on_all_writes_but_those_to_its_memory()
    {
        var rom = Slices(8, 2048);
        byte[] code =
        [
            0xA9, 0x03, 0x85, 0x3E, 0xA9, 0x00, 0xA9, 0x77, 0x8D, 0x05, 0xF4, 0xA5, 0x05, 0x85, 0x80, // memory, which is read at $05 too
            0xA9, 0x88, 0x8D, 0x09, 0xF0, 0x8D, 0x01, 0xF8, 0xA5, 0x05, 0x85, 0x81, // COLUBK and VBLANK; the memory stays
            0xA9, 0x02, 0x8D, 0x3F, 0xF0, 0xA5, 0x05, 0x85, 0x82, 0x4C, 0x24, 0xF8,
        ];
        var machine = Start(rom, code);
        var registers = machine.Graphics.Registers;
        Assert.Equal([0x77, 0x77, 2], machine.Ram[..3]);
        Assert.Equal((0x88, 0x88, 0), (registers.ColourBackground, registers.Vblank, registers.Nusiz1));
    }

    [Fact]
    public void A_UA_cartridge_listens_to_the_other_half_of_the_bus()
    {
        var rom = Banks(8);
        byte[] signature = [0x8D, 0x40, 0x02];
        signature.CopyTo(rom, 10);
        var cartridge = Create(rom);
        cartridge.Overhear(0x240);
        Assert.Equal(1, cartridge.Peek(0x1500));
        cartridge.Overhear(0x220, 0);
        Assert.Equal(0, cartridge.Peek(0x1500));
    }

    [Fact]
    public void A_CV_cartridge_has_a_kilobyte_of_memory_before_its_program()
    {
        var rom = new byte[2048];
        Array.Fill(rom, (byte)9);
        byte[] signature = [0x9D, 0xFF, 0xF3];
        signature.CopyTo(rom, 10);
        var cartridge = Create(rom);
        cartridge.Write(0x1403, 0x21);
        Assert.Equal((0x21, 9), (cartridge.Read(0x1003), cartridge.Read(0x1900)));
    }

    [Fact]
    public void An_E7_cartridge_has_slices_and_pages_of_memory()
    {
        var rom = Slices(16, 2048);
        rom.AsSpan(0x3800, 0x200).Fill(0xFF);
        var cartridge = Create(rom);
        Assert.IsType<E7Cartridge>(cartridge);
        cartridge.Read(0x1FE3);
        Assert.Equal(3, cartridge.Read(0x1000));
        cartridge.Read(0x1FE7);
        cartridge.Write(0x1005, 0x31);
        Assert.Equal(0x31, cartridge.Read(0x1405));
        cartridge.Read(0x1FE9);
        cartridge.Write(0x1805, 0x32);
        Assert.Equal(0x32, cartridge.Read(0x1905));
        cartridge.Read(0x1FE8);
        cartridge.Write(0x1805, 0x33);
        Assert.Equal((0x33, 7), (cartridge.Read(0x1905), cartridge.Read(0x1F00)));
        cartridge.Read(0x1FE9);
        Assert.Equal(0x32, cartridge.Read(0x1905));
    }

    [Fact]
    public void An_MB_cartridge_goes_on_to_the_next_bank()
    {
        var cartridge = Create(Banks(64));
        Assert.Equal(1, cartridge.Peek(0x1500));
        cartridge.Read(0x1FF0);
        Assert.Equal(2, cartridge.Peek(0x1500));
        for (var i = 0; i < 14; i++)
        {
            cartridge.Write(0x1FF0, 0);
        }

        Assert.Equal(0, cartridge.Peek(0x1500));
    }

    [Fact]
    public void A_DPC_cartridge_fetches_display_data_backwards_between_its_limits()
    {
        var rom = Banks(10);
        for (var i = 0; i < 2048; i++)
        {
            rom[8192 + i] = (byte)i;
        }

        var cartridge = Create(rom);
        cartridge.Write(0x1050, 0x05); // counter 0, low
        cartridge.Write(0x1058, 0x01); // counter 0, high
        cartridge.Write(0x1040, 0x04); // top
        cartridge.Write(0x1048, 0x02); // bottom
        Assert.Equal([(2047 - 0x105) & 0xFF, (2047 - 0x104) & 0xFF], [cartridge.Read(0x1008), cartridge.Read(0x1008)]);
        Assert.Equal(0xFF, cartridge.Read(0x1038));
        Assert.Equal(0, cartridge.Read(0x1010));
        Assert.Equal(1, cartridge.Peek(0x1500));
        cartridge.Read(0x1FF8);
        Assert.Equal(0, cartridge.Peek(0x1500));
    }

    [Fact]
    public void The_generator_of_a_DPC_cartridge_goes_through_all_values_but_one()
    {
        var cartridge = Create(Banks(10));
        var seen = Enumerable.Range(0, 255).Select(_ => cartridge.Read(0x1000)).ToHashSet();
        Assert.Equal(255, seen.Count);
        Assert.DoesNotContain((byte)0xFF, seen);
    }

    [Theory]
    [InlineData(2048)]
    [InlineData(4096)]
    [InlineData(8192)]
    public void Equal_halves_are_a_smaller_cartridge(int size)
    {
        var half = new byte[Math.Min(size, 4096)];
        new Random(1).NextBytes(half);
        var rom = size == 8192 ? [.. half, .. half] : half;
        var cartridge = Create(rom);
        Assert.IsType<PlainCartridge>(cartridge);
        Assert.Equal(rom[0x123], cartridge.Read(0x1000 + (size == 2048 ? 0x923 : 0x123)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    [InlineData(8448)]
    [InlineData(131072)]
    public void An_image_of_no_supported_size_is_refused_with_what_is_allowed(int size)
    {
        var error = Assert.Throws<ArgumentException>(() => Create(new byte[size]));
        Assert.Contains($"{size} bytes", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A machine that has run code in the last slice for a frame.</summary>
    static Atari2600 Start(byte[] rom, byte[] code)
    {
        code.CopyTo(rom, rom.Length - 2048);
        code.AsSpan(0, 6).CopyTo(rom.AsSpan(10)); // so that the first slice does not look like the place of a memory
        (rom[^4], rom[^3]) = (0x00, 0xF8);
        var machine = new Atari2600(rom, new ConsoleProperties { Television = TelevisionStandard.Ntsc });
        machine.RunFrame(ConsoleInput.Idle);
        return machine;
    }

    static Cartridge Create(byte[] rom)
    {
        var cartridge = CartridgeFactory.Create(rom);
        cartridge.Reset(new MersenneTwister(1));
        return cartridge;
    }

    static byte[] Banks(int kilobytes) => Slices(kilobytes, 4096);

    /// <summary>An image in which every byte of a slice is the slice's number, but for a ramp at its start.</summary>
    static byte[] Slices(int kilobytes, int size)
    {
        var rom = new byte[kilobytes * 1024];
        for (var i = 0; i < rom.Length; i++)
        {
            rom[i] = (byte)(i % 4096 is > 0 and < 4 ? 0xE0 + (i & 3) : i / size);
        }

        return rom;
    }

    static byte[] View(Cartridge cartridge, int slice) =>
        [.. Enumerable.Range(0, 4096 / slice).Select(i => cartridge.Peek(0x1000 + (i * slice) + 512))];
}
