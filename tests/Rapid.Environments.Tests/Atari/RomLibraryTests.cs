using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Security.Cryptography;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Roms;

namespace Rapid.Environments.Tests.Atari;

/// <summary>Cartridges are made up: games whose MD5 is that of a few random bytes, and one byte that is no game's.</summary>
public sealed class RomLibraryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rapid-roms").FullName;
    private readonly byte[] _rom = RandomNumberGenerator.GetBytes(4096);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_cartridge_is_found_by_its_content_whatever_its_name()
    {
        var game = GameOf(_rom);
        Write("deep/er/holiday.jpg", _rom);
        Write("other.bin", [1, 2, 3]);
        Assert.Equal(_rom, Library.Require(game));
        Assert.Equal(At("deep/er/holiday.jpg"), Library.Locate(game)?.Path);
    }

    [Fact]
    public void A_cartridge_in_an_archive_is_found()
    {
        using (var archive = ZipFile.Open(At("roms.zip"), ZipArchiveMode.Create))
        {
            archive.CreateEntry("folder/");
            Put(archive, "a/readme.txt", [1]);
            Put(archive, "a/game.a26", _rom);
            Put(archive, "bomb", new byte[600 * 1024]);
            Put(archive, "empty", []);
        }

        File.Move(At("roms.zip"), At("roms.dat"));
        Assert.Equal(_rom, Library.Require(GameOf(_rom)));
        Assert.Equal($"{At("roms.dat")}:a/game.a26", Library.Locate(GameOf(_rom))?.ToString());
        string[] problems = [.. Library.Scan().Select(file => file.Problem ?? "fine")];
        Assert.Equal(["fine", "fine", "is larger than 512 KiB", "is empty"], problems);
    }

    [Fact]
    public void A_missing_cartridge_is_one_sentence_with_its_md5_and_where_to_put_it()
    {
        var game = GameTable.Find("pong")!;
        var error = Assert.Throws<FileNotFoundException>(() => Library.Require(game));
        Assert.Contains("the cartridge of pong is missing", error.Message, StringComparison.Ordinal);
        Assert.Contains(game.Md5, error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_changed_file_is_read_again()
    {
        var game = GameOf(_rom);
        Write("game.bin", [1, 2, 3]);
        Assert.Null(Library.Locate(game));
        Write("game.bin", _rom);
        Assert.NotNull(Library.Locate(game));
        var other = RandomNumberGenerator.GetBytes(_rom.Length);
        Write("game.bin", other);
        File.SetLastWriteTimeUtc(At("game.bin"), DateTime.UtcNow.AddMinutes(1));
        Assert.Null(Library.Locate(game));
        Assert.Equal(other, Library.Require(GameOf(other)));
    }

    [Fact]
    public void Bad_files_are_named_and_harm_nothing()
    {
        Write("empty.bin", []);
        using (var huge = File.Create(At("huge.bin")))
        {
            huge.SetLength(100_000_000);
        }

        Write("broken.zip", [.. "PK\x03\x04"u8, .. RandomNumberGenerator.GetBytes(2000)]);
        Directory.CreateDirectory(At("folder.bin"));
        File.CreateSymbolicLink(At("dangling.bin"), At("nowhere"));
        File.CreateSymbolicLink(At("linked.bin"), At("game.bin"));
        Directory.CreateSymbolicLink(At("folder.bin/circle"), _folder);
        File.CreateSymbolicLink(At("device.bin"), "/dev/zero");
        Write("game.bin", _rom);
        var files = Library.Scan().ToDictionary(file => Path.GetFileName(file.Path), file => file.Problem);
        Assert.Equal("is empty", files["empty.bin"]);
        Assert.Equal("is empty", files["device.bin"]);
        Assert.Equal("is larger than 512 KiB", files["huge.bin"]);
        Assert.StartsWith("cannot be read", files["broken.zip"], StringComparison.Ordinal);
        Assert.NotNull(files["dangling.bin"]);
        Assert.Null(files["linked.bin"]);
        Assert.Null(files["game.bin"]);
        Assert.Equal(7, files.Count);
        Assert.Equal(_rom, Library.Require(GameOf(_rom)));
    }

    [Fact]
    public void An_archive_that_was_cut_short_is_named()
    {
        using (var archive = ZipFile.Open(At("roms.zip"), ZipArchiveMode.Create))
        {
            Put(archive, "game.a26", _rom);
        }

        var bytes = File.ReadAllBytes(At("roms.zip"));
        for (var length = 1; length < bytes.Length; length += 97)
        {
            Write("roms.zip", bytes[..length]);
            File.SetLastWriteTimeUtc(At("roms.zip"), DateTime.UtcNow.AddSeconds(length));
            Assert.Null(Library.Locate(GameOf(_rom)));
        }
    }

    [Fact]
    public void Damaged_archives_never_throw()
    {
        using (var archive = ZipFile.Open(At("roms.zip"), ZipArchiveMode.Create))
        {
            Put(archive, "game.a26", _rom);
            Put(archive, "text", [.. Enumerable.Repeat((byte)7, 3000)]);
        }

        var bytes = File.ReadAllBytes(At("roms.zip"));
        var random = new Random(3);
        for (var i = 0; i < 300; i++)
        {
            byte[] damaged = [.. bytes];
            for (var hit = 0; hit < 3; hit++)
            {
                // The ends, where the headers and the directory are.
                var at = random.Next(120);
                damaged[random.Next(2) == 0 ? at : damaged.Length - 1 - at] = (byte)random.Next(256);
            }

            Write("roms.zip", damaged);
            File.SetLastWriteTimeUtc(At("roms.zip"), DateTime.UtcNow.AddSeconds(i));
            Assert.NotEmpty(Library.Scan().ToList());
        }
    }

    [Fact]
    public void Only_known_cartridges_are_imported_and_only_once()
    {
        Write("in/unknown.bin", _rom);
        Write("in/empty.bin", []);
        var target = At("library");
        var files = RomLibrary.Import(At("in"), target).ToList();
        Assert.All(files, item => Assert.Null(item.File.Game));
        Assert.All(files, item => Assert.False(item.IsNew));
        Assert.Equal(2, files.Count);
        Assert.False(Directory.Exists(target));
        Assert.Throws<DirectoryNotFoundException>(() => RomLibrary.Import(At("nowhere"), target).ToList());
    }

    [Fact]
    public void What_is_recognised_is_copied_under_the_id_of_its_game()
    {
        using (var archive = ZipFile.Open(At("roms.zip"), ZipArchiveMode.Create))
        {
            Put(archive, "../../game.a26", _rom);
            Put(archive, "other", [1]);
        }

        string? IdOf(RomFile file) => file.Md5 == Hash(_rom) ? "my_game" : null;
        List<(RomFile File, bool IsNew)> Import() => [.. RomLibrary.Import(_folder, At("library"), IdOf, default)];
        Assert.Equal([true, false], Import().Select(item => item.IsNew));
        Assert.Equal([At("library/my_game.bin")], Directory.GetFiles(At("library")));
        Assert.Equal(_rom, File.ReadAllBytes(At("library/my_game.bin")));
        Assert.All(Import(), item => Assert.False(item.IsNew));
        Write("library/my_game.bin", [2]);
        Assert.Equal(1, Import().Count(item => item.IsNew));
        Assert.Equal(_rom, File.ReadAllBytes(At("library/my_game.bin")));
    }

    [Fact]
    public void A_search_can_be_stopped()
    {
        Write("a.bin", [1]);
        Assert.Throws<OperationCanceledException>(() => Library.Scan(new CancellationToken(true)).ToList());
    }

    [Fact]
    public void The_named_folder_comes_first_and_must_exist()
    {
        var library = RomLibrary.Open(_folder);
        Assert.Equal(_folder, library.Folders[0]);
        Assert.Equal(RomLibrary.DefaultFolder, library.Folders[^1]);
        Assert.Throws<DirectoryNotFoundException>(() => RomLibrary.Open(At("nowhere")));
    }

    [Fact]
    public void Every_built_in_cartridge_belongs_to_a_game_and_can_be_read() =>
        Assert.All(BuiltInRoms.Resources.Keys, id => Assert.Equal(GameTable.Find(id)!.Md5, Hash(BuiltInRoms.Read(id)!)));

    private RomLibrary Library => new([_folder]);

    private static GameDescription GameOf(byte[] rom) => GameTable.Unknown(Hash(rom));

    [SuppressMessage("Security", "CA5351", Justification = "MD5 names cartridges; nothing trusts it.")]
    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));

    private static void Put(ZipArchive archive, string name, byte[] bytes)
    {
        using var stream = archive.CreateEntry(name).Open();
        stream.Write(bytes);
    }

    private string At(string path) => Path.Combine(_folder, path);

    private void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllBytes(At(path), bytes);
    }
}
