namespace Rapid.EndToEnd.Tests;

/// <summary>The benchmark that says how far the services go.</summary>
public sealed class ScaleTests : IDisposable
{
    private static readonly string Program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../Scale/release/Scale"));

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_few_simulated_actors_append_to_every_shard_and_get_every_kind_of_figure()
    {
        await using var scale = RapidProcess.StartProgram(Program, _folder.Path, ["2", "2"]);
        var exitCode = await scale.WaitAsync();
        Assert.True(exitCode == 0, scale.Output);

        // One actor, two, and two with a replay service each.
        var rungs = scale.Output.Split('\n').Where(line => line.Contains("MiB/s", StringComparison.Ordinal) && line[0] == ' ').ToList();
        Assert.True(rungs.Count == 3, scale.Output);
        Assert.DoesNotContain("NaN", scale.Output, StringComparison.Ordinal);
        Assert.Contains("2 idle subscribers", scale.Output, StringComparison.Ordinal);
        Assert.Contains("2 streams for 2 s", scale.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_actors_than_files_may_be_open_are_refused_with_what_to_do()
    {
        await using var scale = RapidProcess.StartProgram("prlimit", _folder.Path, ["--nofile=500:500", Program, "1000"]);
        Assert.Equal(2, await scale.WaitAsync());
        Assert.Contains("1000 actors need 2300 open files and this process may have 500", scale.Output, StringComparison.Ordinal);
    }
}
