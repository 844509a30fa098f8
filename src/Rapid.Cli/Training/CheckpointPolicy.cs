using System.Text.Json.Nodes;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Rapid.Cli.Terminal;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Runs;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Training;

/// <summary>The policy that a run's newest checkpoint holds.</summary>
internal static class CheckpointPolicy
{
    /// <summary>Reads it as the snapshot that the learner would publish.</summary>
    /// <exception cref="CliException">The run has no checkpoint.</exception>
    /// <exception cref="InvalidDataException">It has none that can be used; the message names the newest and its fault.</exception>
    public static PolicySnapshot Load(RunDirectory run, ExperimentOptions options)
    {
        PolicySnapshot? newest = null;
        using var errors = LoggerFactory.Create(log => log.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        new CheckpointStore(run.Checkpoints, options.Checkpoint.Keep, errors.CreateLogger<CheckpointStore>())
            .Restore(checkpoint => newest = Snapshot(run.Id, checkpoint, options));
        return newest ?? throw new CliException($"{run.Path} has no checkpoint");
    }

    private static PolicySnapshot Snapshot(string experiment, Checkpoint checkpoint, ExperimentOptions options)
    {
        var snapshot = new PolicySnapshot
        {
            Experiment = experiment,
            Graph = JsonParser.Default.Parse<PolicyGraph>(checkpoint.State["graph"]!.ToJsonString()),
            Parameters = ByteString.CopyFrom(checkpoint.Tensors["policy.parameters"].Bytes.Span),
            Step = checkpoint.Step,
        };
        if (checkpoint.State["observation_normalizer"] is { } normalizer)
        {
            snapshot.ObservationNormalizer = new NormalizerState
            {
                Count = (double)normalizer["count"]!,
                Clip = options.Normalization.ObservationClip,
            };
            snapshot.ObservationNormalizer.Mean.AddRange(Numbers(normalizer["mean"]!));
            snapshot.ObservationNormalizer.Variance.AddRange(Numbers(normalizer["variance"]!));
        }

        return snapshot;
    }

    private static IEnumerable<double> Numbers(JsonNode node) => node.AsArray().Select(value => (double)value!);
}
