using Google.Protobuf;

namespace Rapid.Telemetry.Tests;

/// <summary>What a collector of traces gets of services that are processes.</summary>
public sealed class TraceTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_block_is_followed_from_its_first_step_to_the_gradient_it_made_and_to_the_policy_that_came_of_it()
    {
        await using var collector = await Collector.StartAsync();
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 1, variables: Variables(collector, "1"));
        await cluster.SubmitAsync(Spec());

        IReadOnlyList<ReceivedSpan> spans = [];
        IEnumerable<ReceivedSpan> Named(string name) => spans.Where(span => span.Span.Name == name);
        IEnumerable<(ReceivedSpan, ReceivedSpan, ReceivedSpan, ReceivedSpan)> Chains() =>
            from rollout in Named("rapid.rollout")
            from append in Named("rapid.append")
            where append.IsChildOf(rollout)
            from update in Named("rapid.update")
            where update.IsLinkedTo(rollout)
            from next in Named("rapid.rollout")
            where next.IsLinkedTo(update)
            select (rollout, append, update, next);
        await Eventually.TrueAsync(
            () =>
            {
                spans = ReceivedSpan.In(collector);
                return Chains().Any();
            },
            () => cluster.Story);

        var (made, stored, learned, then) = Chains().First();
        Assert.Equal(
            ["rapid-actor", "rapid-replay", "rapid-learner", "rapid-actor"],
            ((ReceivedSpan[])[made, stored, learned, then]).Select(span => span.Service));
        Assert.All([made, learned, then], span => Assert.True(span.IsRoot));
        Assert.Equal(3, new HashSet<ByteString>([made.Span.TraceId, learned.Span.TraceId, then.Span.TraceId]).Count);
        Assert.Equal(learned.Version, then.Version);
        Assert.True(made.Version < learned.Version);
        Assert.True(made.Span.StartTimeUnixNano < stored.Span.StartTimeUnixNano);
        Assert.True(stored.Span.StartTimeUnixNano <= learned.Span.EndTimeUnixNano);
        // What a store does for a block that is followed is part of its trace; calls that outlive a block are not.
        await Eventually.TrueAsync(
            () => ReceivedSpan.In(collector).Any(span => span.Service == "rapid-replay" && span.IsChildOf(stored)), () => cluster.Story);
        Assert.DoesNotContain(spans, span => span.Span.Name.Contains("rapid.v1", StringComparison.Ordinal) && span.IsChildOf(made));
    }

    [Fact]
    public async Task Blocks_are_not_followed_where_the_ratio_is_0_and_calls_are_traced_all_the_same()
    {
        await using var collector = await Collector.StartAsync();
        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 1, variables: Variables(collector, "0"));
        var id = await cluster.SubmitAsync(Spec());
        await using var watch = cluster.Client("watch", id);

        await Eventually.TrueAsync(() => watch.Output.Contains("step", StringComparison.OrdinalIgnoreCase), () => cluster.Story);
        await Eventually.TrueAsync(
            () => ReceivedSpan.In(collector).Any(span => span.Span.Name.Contains("rapid.v1.Experiments/Submit", StringComparison.Ordinal)),
            () => cluster.Story);
        Assert.DoesNotContain(ReceivedSpan.In(collector), span => span.Span.Name is "rapid.rollout" or "rapid.append" or "rapid.update");
    }

    private static Dictionary<string, string> Variables(Collector collector, string ratio) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address.ToString(),
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        ["RAPID_TRACE_RATIO"] = ratio,
    };

    private string Spec() => _folder.Write("spec.yaml", """
        environment: { name: CartPole-v1 }
        algorithm: { name: ppo, rollout_steps: 64 }
        total_steps: 100000000
        network: { hidden_sizes: [16] }
        replay: { store: redis }
        """);
}
