namespace Rapid.Deployment.Tests;

/// <summary>docker-compose.yml and what is laid over it, as Compose itself reads them.</summary>
public sealed class ComposeFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("docker-compose.yml")]
    [InlineData("docker-compose.yml", "compose.gpu.yml")]
    public async Task Compose_takes_it(params string[] files)
    {
        var (exitCode, output) = await ConfigAsync([.. files.Select(Repository.File)]);
        Assert.True(exitCode == 0, output);
    }

    [Theory]
    [InlineData("restart: unless-stopped", "restrat: unless-stopped")]
    [InlineData("condition: service_healthy", "condition: service_helthy")]
    [InlineData("- runs:/data", "- rnus:/data")]
    public async Task What_is_wrong_in_it_is_found(string right, string wrong)
    {
        var text = await File.ReadAllTextAsync(Repository.File("docker-compose.yml"));
        Assert.Contains(right, text, StringComparison.Ordinal);
        var path = Path.Combine(_folder.Path, "docker-compose.yml");
        await File.WriteAllTextAsync(path, text.Replace(right, wrong, StringComparison.Ordinal));

        var (exitCode, output) = await ConfigAsync([path]);

        Assert.True(exitCode != 0, output);
    }

    [Fact]
    public void Every_service_of_ours_is_confined_limited_and_started_again()
    {
        var services = Yaml.Read(Repository.File("docker-compose.yml"))[0]["services"];
        foreach (var name in (string[])["redis", "replay", "learner", "actor", "evaluator"])
        {
            var service = services[name];
            Assert.Equal(("true", "unless-stopped"), (service["read_only"].Text, service["restart"].Text));
            Assert.Equal(["ALL"], service["cap_drop"].Texts);
            Assert.Equal(["no-new-privileges:true"], service["security_opt"].Texts);
            Assert.True(service["deploy"]["resources"]["limits"]["memory"].Exists, name);
            // A stop takes ten seconds at most.
            Assert.Equal("15s", service["stop_grace_period"].Text);
            Assert.NotEmpty(ComposeFile.Service(name).HealthCheck);
        }
    }

    [Fact]
    public async Task The_images_are_made_of_every_project_of_the_product()
    {
        var dockerfile = await File.ReadAllTextAsync(Repository.File("Dockerfile"));
        string[] projects =
        [
            .. ((string[])["src", "services"]).SelectMany(folder => Directory.GetFiles(
                Repository.File(folder), "*.csproj", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 })),
        ];
        Assert.NotEmpty(projects);
        Assert.All(projects, project => Assert.Contains(
            $"COPY {Path.GetRelativePath(Repository.Root, project)} ", dockerfile, StringComparison.Ordinal));
    }

    private async Task<(int ExitCode, string Output)> ConfigAsync(string[] files)
    {
        // Fetched once where this machine has none.
        var tools = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../tools/compose"));
        Directory.CreateDirectory(tools);
        var script = $"compose=$({Repository.File("tests/containers/compose-binary.sh")} '{tools}') && $compose "
            + string.Join(' ', files.Select(file => $"-f '{file}'")) + " config -q";
        await using var process = RapidProcess.StartProgram("bash", _folder.Path, ["-c", script]);
        return (await process.WaitAsync(), process.Output);
    }
}
