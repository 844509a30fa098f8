namespace Rapid.Deployment.Tests;

/// <summary>The manifests of k8s/.</summary>
internal static class Manifests
{
    /// <summary>Every manifest of a folder, as `kubectl apply -f` takes them.</summary>
    public static IReadOnlyList<Node> All(string folder = "k8s") =>
        [.. Directory.GetFiles(Repository.File(folder), "*.yaml").Order(StringComparer.Ordinal).SelectMany(Yaml.Read)];

    /// <summary>The container of a workload.</summary>
    /// <param name="workload">A Deployment, StatefulSet or Job.</param>
    public static Container Container(Node workload)
    {
        var container = Spec(workload)["containers"][0];
        var image = container["image"].Text.Split(':')[0] is var name && name.StartsWith("rapid-", StringComparison.Ordinal)
            ? Image.Read(name["rapid-".Length..])
            : Image.Foreign;
        var environment = new Dictionary<string, string>(image.Environment);
        foreach (var source in container["envFrom"].Items)
        {
            foreach (var (variable, value) in Named("ConfigMap", source["configMapRef"]["name"].Text)["data"].Fields)
            {
                environment[variable] = value.Text;
            }
        }

        foreach (var variable in container["env"].Items)
        {
            environment[variable["name"].Text] = variable["value"].Text;
        }

        var command = container["command"].Exists ? container["command"].Texts : image.Entrypoint;
        var probe = container["readinessProbe"];
        var health = probe["exec"].Exists ? probe["exec"]["command"].Texts : image.HealthCheck;
        var host = workload["kind"].Text == "StatefulSet" && workload["metadata"]["name"].Text != "redis" ? "-0" : "";
        var arguments = container["args"].Items.Select(word => word.Text);
        return new Container(workload["metadata"]["name"].Text + host, [.. command, .. arguments], environment, health);
    }

    /// <summary>The files that a workload's pod finds in a mounted Secret.</summary>
    public static IEnumerable<(string Name, string Key)> Keys(Node workload) =>
        from secret in Spec(workload)["volumes"].Items.Select(volume => volume["secret"])
        where secret.Exists
        let data = Named("Secret", secret["secretName"].Text)["stringData"]
        from item in secret["items"].Items
        select (item["path"].Text, data[item["key"].Text].Text);

    /// <summary>The pod of a workload.</summary>
    public static Node Spec(Node workload) => workload["spec"]["template"]["spec"];

    private static Node Named(string kind, string name) =>
        All().Single(manifest => manifest["kind"].Text == kind && manifest["metadata"]["name"].Text == name);
}
