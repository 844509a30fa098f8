using System.Globalization;
using System.Text.RegularExpressions;

namespace Rapid.Deployment.Tests;

/// <summary>
/// What the files of compose and Kubernetes say is run here without an engine: the very commands and variables, as processes, train
/// CartPole to its mark.
/// </summary>
public sealed partial class LocalDeploymentTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_compose_starts_trains_CartPole()
    {
        await using var containers = new LocalContainers(_folder.Path);
        var services = new[] { "redis", "replay", "learner", "actor", "evaluator" }.Select(name => ComposeFile.Service(name)).ToList();
        await MakeKeysAsync(containers);

        var experiment = ComposeFile.Service("experiment", ("RAPID_SPEC", Repository.File("examples/cartpole-ppo.yaml")));
        await TrainAsync(containers, services, experiment);
    }

    [Fact]
    public async Task What_Kubernetes_starts_trains_CartPole()
    {
        await using var containers = new LocalContainers(_folder.Path);
        var workloads = Manifests.All().Where(manifest => manifest["kind"].Text is "StatefulSet" or "Deployment").ToList();
        var job = Manifests.All("k8s/jobs").Single();
        foreach (var workload in workloads.Append(job))
        {
            foreach (var (name, key) in Manifests.Keys(workload))
            {
                containers.WriteKey(Manifests.Container(workload).Name, name, key);
            }
        }

        var experiment = Manifests.Container(job);
        var command = experiment.Command.Select(word => word == "examples/cartpole-ppo.yaml" ? Repository.File(word) : word).ToList();
        await TrainAsync(containers, [.. workloads.Select(Manifests.Container)], experiment with { Command = command });
    }

    private static async Task TrainAsync(LocalContainers containers, IReadOnlyList<Container> services, Container experiment)
    {
        foreach (var service in services)
        {
            containers.Start(service);
            await containers.AwaitHealthAsync(service);
        }

        var follower = containers.Start(experiment);
        Assert.True(await follower.WaitAsync() == 0, containers.Story);
        var score = Score().Match(follower.Output);
        Assert.True(score.Success, follower.Output);
        Assert.InRange(double.Parse(score.Groups[1].Value, CultureInfo.InvariantCulture), 475, 500);

        // Submitted once: who comes again finds the run that there is.
        var again = containers.Start(experiment);
        Assert.True(await again.WaitAsync() == 0, containers.Story);
        Assert.Equal(score.Value, Score().Match(again.Output).Value);
    }

    /// <summary>Runs the script that makes the keys; who owns the files is the engine's matter.</summary>
    private async Task MakeKeysAsync(LocalContainers containers)
    {
        var shims = Directory.CreateDirectory(Path.Combine(_folder.Path, "shims")).FullName;
        File.CreateSymbolicLink(Path.Combine(shims, "chown"), "/bin/true");
        var keys = Directory.CreateDirectory(Path.Combine(_folder.Path, "made")).FullName;
        string[] holders = ["redis", "replay", "learner", "actor", "evaluator", "cli", "prometheus"];
        Array.ForEach(holders, holder => Directory.CreateDirectory(Path.Combine(keys, holder)));
        var variables = new Dictionary<string, string> { ["PATH"] = $"{shims}:{Environment.GetEnvironmentVariable("PATH")}" };
        foreach (var _ in (int[])[1, 2])
        {
            await using var make = RapidProcess.StartProgram("sh", _folder.Path, [Repository.File("docker/make-keys.sh"), keys], variables);
            Assert.True(await make.WaitAsync() == 0, make.Output);
        }

        foreach (var holder in holders.Where(holder => holder != "prometheus"))
        {
            var container = holder == "cli" ? "experiment" : holder;
            foreach (var key in Directory.GetFiles(Path.Combine(keys, holder)))
            {
                containers.WriteKey(container, Path.GetFileName(key), await File.ReadAllTextAsync(key));
            }
        }
    }

    [GeneratedRegex(@"finished cartpole-v1-ppo-s1: evaluation return ([\d.]+)")]
    private static partial Regex Score();
}
