using System.CommandLine;
using System.Globalization;
using Rapid.Cli.Terminal;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Roms;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid roms list</c> and <c>rapid roms import DIR</c>: the cartridges of Atari games.</summary>
internal static class RomsCommand
{
    public static Command Create() => new("roms", "The Atari cartridges that are found here, recognised by their MD5")
    {
        List(),
        Import(),
    };

    /// <summary><c>--roms DIR</c>.</summary>
    public static Option<string?> FolderOption() => new("--roms")
    {
        Description = $"A folder with Atari cartridges, before those of {RomLibrary.FoldersVariable} and {RomLibrary.DefaultFolder}",
        HelpName = "folder",
    };

    private static Command List()
    {
        var folder = FolderOption();
        var command = new Command("list", "List the cartridges that are found and the files that are none") { folder };
        command.SetBody((result, signals) =>
        {
            var library = RomLibrary.Open(result.GetValue(folder));
            RomFile[] files = [.. library.Scan(signals.Stop)];
            WriteKnown(files.Where(file => file.Game is not null).Select(file => (file, "")));
            WriteOthers(files);
            var games = files.Select(file => file.Game?.Id).OfType<string>().Union(BuiltInRoms.Resources.Keys).Count();
            Console.Out.WriteLine(
                $"{Number(games)} of {Number(GameTable.Ids.Count)} games have their cartridge; "
                + $"searched: {string.Join(", ", library.Folders)}");
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static Command Import()
    {
        var source = new Argument<string>("dir") { Description = "A folder, searched with all below it, or one file; .zip is looked into" };
        var target = new Option<string?>("--to")
        {
            Description = $"Where to copy them (default: {RomLibrary.DefaultFolder})",
            HelpName = "folder",
        };
        var command = new Command("import", "Copy the cartridges that are recognised into the library") { source, target };
        command.SetBody((result, signals) =>
        {
            var folder = Path.GetFullPath(result.GetValue(target) ?? RomLibrary.DefaultFolder);
            (RomFile File, bool IsNew)[] files = [.. RomLibrary.Import(result.GetValue(source)!, folder, signals.Stop)];
            (RomFile File, bool IsNew)[] known = [.. files.Where(item => item.File.Game is not null)];
            WriteKnown(known.Select(item => (item.File, item.IsNew ? "imported" : "already there")));
            WriteOthers(files.Select(item => item.File));
            Console.Out.WriteLine(
                $"{Number(known.Count(item => item.IsNew))} imported into {folder}, {Number(files.Length - known.Length)} not recognised");
            return Task.FromResult(known.Length > 0 ? ExitCode.Success : ExitCode.Failure);
        });
        return command;
    }

    private static void WriteKnown(IEnumerable<(RomFile File, string State)> files)
    {
        string[][] rows = [.. files.OrderBy(item => item.File.Game!.Id, StringComparer.Ordinal)
            .Select(item => (string[])[item.File.Game!.Id, Number(item.File.Size), $"{item.File}", item.State])];
        if (rows.Length > 0)
        {
            TextTable.Write(Console.Out, ["game", "bytes", "file", ""], rows);
        }
    }

    private static void WriteOthers(IEnumerable<RomFile> files)
    {
        foreach (var file in files.Where(file => file.Game is null).OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            Console.Out.WriteLine($"not recognised: {file} {file.Problem ?? $"is no cartridge that Rapid knows (MD5 {file.Md5})"}");
        }
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
