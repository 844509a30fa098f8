namespace Rapid.Cli.Tests;

/// <summary>A program whose libtorch is not whole says so in a sentence, and at once.</summary>
public sealed class TorchLibraryTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("libtorch_cpu.so", "libtorch cannot be loaded: ")]
    [InlineData("libLibTorchSharp.so", "libLibTorchSharp.so is missing")]
    public async Task What_the_loader_misses_is_named(string missing, string expected)
    {
        var program = ProgramWithout(missing);
        await using var process = RapidProcess.StartProgram(
            Path.Combine(program, "rapid"), _folder.Path, ["train", _folder.Spec("environment: { name: CartPole-v1 }"), "--runs", _folder.Runs]);
        Assert.Equal(2, await process.WaitAsync());
        Assert.Contains(expected, process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", process.Output, StringComparison.Ordinal);

        // Nothing was unpacked or copied beside the program in search of it.
        Assert.False(File.Exists(Path.Combine(program, missing)));
        Assert.Empty(Directory.GetDirectories(program, "lib*"));
    }

    [Fact]
    public async Task A_program_without_libtorch_still_plays()
    {
        var program = ProgramWithout("libtorch_cpu.so");
        await using var process = RapidProcess.StartProgram(
            Path.Combine(program, "rapid"), _folder.Path, ["play", "CartPole-v1", "--random", "--steps", "5", "--video", "film.gif"]);
        Assert.True(await process.WaitAsync() == 0, process.Output);
        Assert.True(File.Exists(Path.Combine(_folder.Path, "film.gif")));
    }

    /// <summary>A copy of the program but for one file, its largest ones as links.</summary>
    private string ProgramWithout(string missing)
    {
        var source = Path.GetDirectoryName(RapidProcess.Program)!;
        var target = Path.Combine(_folder.Path, "program");
        foreach (var folder in Directory.GetDirectories(source, "*", SearchOption.AllDirectories).Prepend(source))
        {
            Directory.CreateDirectory(Path.Combine(target, Path.GetRelativePath(source, folder)));
        }

        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != missing))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            if (Path.GetFileName(file).StartsWith("libtorch", StringComparison.Ordinal))
            {
                File.CreateSymbolicLink(copy, file);
            }
            else
            {
                File.Copy(file, copy);
            }
        }

        return target;
    }
}
