using System.Diagnostics;

namespace Rapid.Hosting;

/// <summary>
/// Spans that follow a block through the services: the rollout that makes it, the append that stores it, the update that learns from it,
/// and from there the next rollout. Contexts travel in the messages, because blocks of many share a call that lasts as long as a run.
/// </summary>
public static class BlockTraces
{
    /// <summary>Begins a span that belongs to no other, and during which this thread's calls do not belong to it: those that it opens
    /// outlive it. Whether it is recorded is for the sampler to say (OTEL_TRACES_SAMPLER).</summary>
    /// <param name="source">Whose it is.</param>
    /// <param name="name">Its name.</param>
    /// <param name="kind">Whether it makes something that others take up, or takes it up.</param>
    /// <param name="origins">Trace contexts of what it takes up; empty ones are left out.</param>
    /// <returns>Null when nobody listens or the sampler leaves it out.</returns>
    public static Activity? Start(ActivitySource source, string name, ActivityKind kind, IEnumerable<string> origins)
    {
        ArgumentNullException.ThrowIfNull(source);
        var links = origins.Select(Parse).OfType<ActivityContext>().Select(context => new ActivityLink(context)).ToList();
        var around = Activity.Current;
        Activity.Current = null;
        var span = source.StartActivity(name, kind, parentContext: default, links: links);
        Activity.Current = around;
        return span;
    }

    /// <summary>The context in a message; null when there is none, when it is none, or when it is not recorded.</summary>
    public static ActivityContext? Parse(string traceparent) =>
        ActivityContext.TryParse(traceparent, null, isRemote: true, out var context)
        && context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
            ? context
            : null;

    /// <summary>What a message carries of a span; empty when there is none or it is not recorded.</summary>
    public static string Of(Activity? span) => span is { Recorded: true, Id: { } id } ? id : "";
}
