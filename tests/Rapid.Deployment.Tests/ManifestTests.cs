using System.Globalization;

namespace Rapid.Deployment.Tests;

/// <summary>The manifests of k8s/: their fields against Kubernetes' schema, and what they say of each other.</summary>
public sealed class ManifestTests : IDisposable
{
    private static readonly string[] Kinds = ["Deployment", "StatefulSet", "Job"];
    private readonly TestFolder _folder = new();

    private static IReadOnlyList<Node> Manifested { get; } = [.. Manifests.All(), .. Manifests.All("k8s/jobs")];

    private static IEnumerable<Node> Workloads => Manifested.Where(manifest => Kinds.Contains(manifest["kind"].Text));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_field_is_one_of_Kubernetes()
    {
        var (exitCode, output) = await CheckAsync([.. Files("k8s"), .. Files("k8s/jobs")]);
        Assert.True(exitCode == 0, output);
        Assert.Contains($"{Manifested.Count} documents, 0 problems", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("readOnlyRootFilesystem", "readOnlyRootFileSystem", "readOnlyRootFileSystem")]
    [InlineData("replicas: 1", "replicas: one", "replicas")]
    [InlineData("type: Recreate", "type: Recreated", "strategy")]
    public async Task What_is_wrong_in_one_is_found(string right, string wrong, string named)
    {
        var text = await File.ReadAllTextAsync(Repository.File("k8s/50-learner.yaml"));
        Assert.Contains(right, text, StringComparison.Ordinal);
        var path = Path.Combine(_folder.Path, "learner.yaml");
        await File.WriteAllTextAsync(path, text.Replace(right, wrong, StringComparison.Ordinal));

        var (exitCode, output) = await CheckAsync([path]);

        Assert.True(exitCode == 1, output);
        Assert.Contains("Deployment learner", output, StringComparison.Ordinal);
        Assert.Contains(named, output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_pod_is_restricted_limited_and_probed()
    {
        foreach (var workload in Workloads)
        {
            var (name, pod) = (workload["metadata"]["name"].Text, Manifests.Spec(workload));
            var container = pod["containers"][0];
            Assert.Equal("rapid", workload["metadata"]["namespace"].Text);
            Assert.Equal(("true", "RuntimeDefault"), (
                pod["securityContext"]["runAsNonRoot"].Text, pod["securityContext"]["seccompProfile"]["type"].Text));
            var confined = container["securityContext"];
            Assert.Equal(("false", "true"), (confined["allowPrivilegeEscalation"].Text, confined["readOnlyRootFilesystem"].Text));
            Assert.Equal(["ALL"], confined["capabilities"]["drop"].Texts);
            Assert.Equal("false", pod["automountServiceAccountToken"].Text);
            Assert.True(container["resources"]["requests"]["cpu"].Exists && container["resources"]["limits"]["memory"].Exists, name);
            if (workload["kind"].Text != "Job")
            {
                Assert.True(container["startupProbe"].Exists && container["readinessProbe"].Exists, name);
                Assert.InRange(int.Parse(pod["terminationGracePeriodSeconds"].Text, CultureInfo.InvariantCulture), 15, 60);
            }
        }
    }

    [Fact]
    public void What_one_names_the_others_have()
    {
        foreach (var workload in Workloads)
        {
            var labels = workload["spec"]["template"]["metadata"]["labels"];
            Assert.All(workload["spec"]["selector"]["matchLabels"].Fields, label => Assert.Equal(label.Value.Text, labels[label.Key].Text));
            foreach (var (name, key) in Manifests.Keys(workload))
            {
                Assert.False(string.IsNullOrWhiteSpace(key), $"{NameOf(workload)} mounts {name}, which the Secret does not have");
            }

            var container = Manifests.Spec(workload)["containers"][0];
            var mounted = Manifests.Keys(workload).Select(key => $"/keys/{key.Name}").ToHashSet();
            var files = container["env"].Items.Where(variable => variable["name"].Text.EndsWith("_FILE", StringComparison.Ordinal));
            Assert.All(files, variable => Assert.Contains(variable["value"].Text, mounted));
        }

        foreach (var service in Manifested.Where(manifest => manifest["kind"].Text == "Service"))
        {
            var pods = Workloads.Single(workload => service["spec"]["selector"].Fields.All(label =>
                workload["spec"]["template"]["metadata"]["labels"][label.Key] is { Exists: true } value && value.Text == label.Value.Text));
            var ports = Manifests.Spec(pods)["containers"][0]["ports"].Items.Select(port => port["name"].Text);
            Assert.Subset(ports.ToHashSet(), service["spec"]["ports"].Items.Select(port => port["targetPort"].Text).ToHashSet());
        }
    }

    [Fact]
    public void Only_ports_that_are_listened_on_are_opened_to_pods_that_exist()
    {
        const string Name = "app.kubernetes.io/name";
        var pods = Workloads.Select(workload => workload["spec"]["template"]["metadata"]["labels"][Name].Text).ToHashSet();
        var ports = Workloads.SelectMany(workload => Manifests.Spec(workload)["containers"][0]["ports"].Items)
            .Select(port => port["containerPort"].Text).Append("53").ToHashSet();
        var policies = Manifested.Where(manifest => manifest["kind"].Text == "NetworkPolicy").ToList();
        foreach (var rule in policies.SelectMany(policy => policy["spec"]["ingress"].Items.Concat(policy["spec"]["egress"].Items)))
        {
            Assert.All(rule["ports"].Items, port => Assert.Contains(port["port"].Text, ports));
            var selectors = rule["from"].Items.Concat(rule["to"].Items).Select(peer => peer["podSelector"]["matchLabels"][Name]);
            Assert.All(selectors.Where(name => name.Exists), name => Assert.Contains(name.Text, pods));
        }

        // Everything that is not allowed is forbidden, both ways.
        var closed = policies.Single(policy => policy["metadata"]["name"].Text == "nothing-else");
        Assert.Empty(closed["spec"]["podSelector"].Fields);
        Assert.Equal(["Ingress", "Egress"], closed["spec"]["policyTypes"].Texts);
    }

    [Fact]
    public void Overlays_take_every_manifest_and_change_what_is_there()
    {
        var files = Directory.GetFiles(Repository.File("k8s"), "*.yaml").Select(Path.GetFileName).Order(StringComparer.Ordinal);
        Assert.Equal(files, Yaml.Read(Repository.File("k8s/Kustomization"))[0]["resources"].Texts);
        foreach (var overlay in Directory.GetFiles(Repository.File("kustomize"), "kustomization.yaml", SearchOption.AllDirectories))
        {
            foreach (var patch in Yaml.Read(overlay)[0]["patches"].Items)
            {
                var target = Manifested.Single(manifest => manifest["kind"].Text == patch["target"]["kind"].Text
                    && manifest["metadata"]["name"].Text == patch["target"]["name"].Text);
                var operations = Path.Combine(_folder.Path, "patch.yaml");
                File.WriteAllText(operations, patch["patch"].Text);
                Assert.All(Yaml.Read(operations)[0].Items, operation => AssertApplies(target, operation));
            }
        }
    }

    private static void AssertApplies(Node target, Node operation)
    {
        var path = operation["path"].Text.Split('/').Skip(1).Select(part => part.Replace("~1", "/", StringComparison.Ordinal)).ToList();
        Node Step(Node node, string part) => int.TryParse(part, out var index) ? node[index] : node[part];
        var parent = path.SkipLast(1).Aggregate(target, Step);
        Assert.True(parent.Exists, operation["path"].Text);
        Assert.Equal(operation["op"].Text == "replace", Step(parent, path[^1]).Exists);
    }

    private static string NameOf(Node manifest) => manifest["metadata"]["name"].Text;

    private static string[] Files(string folder) =>
        [.. Directory.GetFiles(Repository.File(folder), "*.yaml").Order(StringComparer.Ordinal)];

    private async Task<(int ExitCode, string Output)> CheckAsync(string[] files)
    {
        var folder = Repository.File("tests/containers/schema");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "typescript")))
        {
            await using var install = RapidProcess.StartProgram("npm", folder, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
            Assert.True(await install.WaitAsync() == 0, install.Output);
        }

        await using var check = RapidProcess.StartProgram("node", _folder.Path, [Path.Combine(folder, "check.js"), .. files]);
        return (await check.WaitAsync(), check.Output);
    }
}
