using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using Rapid.Telemetry.Tests.Otlp;

namespace Rapid.Telemetry.Tests;

/// <summary>A span as a collector got it.</summary>
/// <param name="Service">Whose it is.</param>
/// <param name="Span">The span.</param>
internal sealed record ReceivedSpan(string Service, Span Span)
{
    private const string Path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    public long Version => Number("rapid.policy_version");

    /// <summary>All that a collector has so far.</summary>
    public static IReadOnlyList<ReceivedSpan> In(Collector collector)
    {
        var spans = new List<ReceivedSpan>();
        var bytes = Encoding.Latin1.GetBytes(collector.BodyOf(Path)).AsSpan();
        while (bytes.Length > 0)
        {
            // A flag, a length, a message.
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
            foreach (var resource in Export.Parser.ParseFrom(bytes.Slice(5, length)).ResourceSpans)
            {
                var service = resource.Resource.Attributes.Single(attribute => attribute.Key == "service.name").Value.Text;
                spans.AddRange(resource.ScopeSpans.SelectMany(scope => scope.Spans).Select(span => new ReceivedSpan(service, span)));
            }

            bytes = bytes[(5 + length)..];
        }

        return spans;
    }

    /// <summary>Whether this one was begun because of another, in the same trace.</summary>
    public bool IsChildOf(ReceivedSpan other) =>
        Span.TraceId == other.Span.TraceId && Span.ParentSpanId == other.Span.SpanId;

    /// <summary>Whether this one takes up what another made.</summary>
    public bool IsLinkedTo(ReceivedSpan other) =>
        Span.Links.Any(link => link.TraceId == other.Span.TraceId && link.SpanId == other.Span.SpanId);

    /// <summary>Whether it begins a trace.</summary>
    public bool IsRoot => Span.ParentSpanId == ByteString.Empty;

    private long Number(string key) => Span.Attributes.Single(attribute => attribute.Key == key).Value.Number;
}
