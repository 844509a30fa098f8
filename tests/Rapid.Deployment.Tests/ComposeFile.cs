using System.Text.RegularExpressions;

namespace Rapid.Deployment.Tests;

/// <summary>docker-compose.yml.</summary>
internal static partial class ComposeFile
{
    /// <summary>A service of it, with the variables of a shell in the place of ${NAME:-default}.</summary>
    public static Container Service(string name, params (string Name, string Value)[] shell)
    {
        var service = Yaml.Read(Repository.File("docker-compose.yml"))[0]["services"][name];
        var image = service["build"].Exists ? Image.Read(service["build"]["target"].Text) : Image.Foreign;
        var environment = new Dictionary<string, string>(image.Environment);
        foreach (var (variable, value) in service["environment"].Fields)
        {
            environment[variable] = Fill(value.Text);
        }

        var entrypoint = service["entrypoint"].Exists ? service["entrypoint"].Texts : image.Entrypoint;
        var command = service["command"].Value is string line
            ? Fill(line).Split(' ', StringSplitOptions.RemoveEmptyEntries)
            : [.. service["command"].Items.Select(word => Fill(word.Text))];
        var health = service["healthcheck"]["test"].Exists ? Shell(service["healthcheck"]["test"].Texts) : image.HealthCheck;
        return new Container(name, [.. entrypoint, .. command], environment, health);

        string[] Shell(string[] test) => test[0] == "CMD-SHELL" ? ["sh", "-c", Fill(test[1])] : [.. test.Skip(1)];

        string Fill(string text) => Variable().Replace(text, match => match.Value == "$$"
            ? "$"
            : shell.FirstOrDefault(variable => variable.Name == match.Groups[1].Value).Value ?? match.Groups[2].Value);
    }

    [GeneratedRegex(@"\$\$|\$\{(\w+):-([^}]*)\}")]
    private static partial Regex Variable();
}
