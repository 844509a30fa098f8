using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Rapid.EndToEnd.Tests;

/// <summary>Whatever has become of a checkpoint's files, a process that reads them ends with a sentence that names them, or goes on.</summary>
public sealed class DamagedCheckpointTests : IDisposable
{
    private const string Ppo =
        """
        environment: { name: CartPole-v1 }
        total_steps: 1024
        actors: { count: 1, environments: 2 }
        algorithm: { rollout_steps: 64 }
        normalization: { observations: true }
        evaluation: { interval_steps: 0, final_episodes: 1 }
        checkpoint: { interval_steps: 512, keep: 1 }
        """;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_damaged_or_foreign_checkpoint_is_an_error_that_names_it()
    {
        var spec = _folder.Spec(Ppo);
        var (trained, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec);
        Assert.True(trained == 0, output);
        var run = RunFolder.Single(_folder.Runs);
        var checkpoint = Path.Combine(run.Path, "checkpoints", run.Checkpoints.Single());
        var (model, state) = (Path.Combine(checkpoint, "model.safetensors"), Path.Combine(checkpoint, "state.json"));
        var (goodModel, goodState) = (File.ReadAllBytes(model), File.ReadAllText(state));

        var damages = new (string Name, byte[] Model, string State)[]
        {
            ("empty model", [], goodState),
            ("half a model", goodModel[..(goodModel.Length / 2)], goodState),
            ("tensors of another shape", Replace(goodModel, "\"policy.parameters\"", "\"policy.parametres\""), goodState),
            ("doubles", Replace(goodModel, "F32", "F64"), goodState),
            ("empty state", goodModel, ""),
            ("no state", goodModel, "{}"),
            ("a text for a number", goodModel, goodState.Replace("\"adam_steps\":", "\"adam_steps\":\"x\",\"_\":", StringComparison.Ordinal)),
            ("a step before the first", goodModel, goodState.Replace("\"step\":1024", "\"step\":-1024", StringComparison.Ordinal)),
            ("weights that are not numbers", NotFinite(goodModel), goodState),
            ("an infinite mean", goodModel, goodState.Replace("\"mean\":[", "\"mean\":[1e400,", StringComparison.Ordinal)),
            ("another network", goodModel, goodState.Replace("ACTIVATION_TANH", "ACTIVATION_RELU", StringComparison.Ordinal)),
            ("no network", goodModel, goodState.Replace("\"graph\":{", "\"graph\":{\"nonsense\":1,", StringComparison.Ordinal)),
        };
        foreach (var (name, badModel, badState) in damages)
        {
            Assert.False(badModel.SequenceEqual(goodModel) && badState == goodState, $"{name} is no damage");
            File.WriteAllBytes(model, badModel);
            File.WriteAllText(state, badState);
            Seal(checkpoint);
            var runState = Path.Combine(run.Path, "state.json");
            var unfinished = JsonNode.Parse(File.ReadAllText(runState))!;
            unfinished["state"] = "running";
            File.WriteAllText(runState, unfinished.ToJsonString());

            var (exitCode, said) = await RapidProcess.RunAsync(_folder.Path, "resume", run.Path);
            Assert.True(exitCode == 1, $"{name}: {exitCode} {said}");
            Assert.Contains(checkpoint, said, StringComparison.Ordinal);
        }

        // Not what was written, though it could be read.
        File.WriteAllBytes(model, goodModel);
        File.WriteAllText(state, goodState + " ");
        var (refused, why) = await RapidProcess.RunAsync(_folder.Path, "eval", run.Path);
        Assert.True(refused == 1 && why.Contains("SHA256SUMS", StringComparison.Ordinal), why);
    }

    /// <summary>Makes checksums right, so that what is read is what is wrong.</summary>
    internal static void Seal(string checkpoint) => File.WriteAllText(
        Path.Combine(checkpoint, "SHA256SUMS"),
        string.Concat(((string[])["model.safetensors", "state.json"]).Select(name =>
            $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(checkpoint, name))))}  {name}\n")));

    /// <summary>The last number of the last tensor becomes NaN.</summary>
    private static byte[] NotFinite(byte[] file) => [.. file[..^4], .. BitConverter.GetBytes(float.NaN)];

    /// <summary>A text of the header by another one of the same length.</summary>
    private static byte[] Replace(byte[] file, string text, string by)
    {
        var header = file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text));
        Assert.True(header > 0);
        byte[] changed = [.. file];
        Encoding.ASCII.GetBytes(by).CopyTo(changed, header);
        return changed;
    }
}
