using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json.Nodes;
using Rapid.Learner.Metrics;
using Rapid.Learner.Metrics.HParams;
using Rapid.Protocol.Specs;
using Rapid.Specs;
using Tensorboard;
using Field = Google.Protobuf.WellKnownTypes.Value;
using Value = Tensorboard.Summary.Types.Value;

namespace Rapid.Learner.Tests;

public sealed class MetricsTests : IDisposable
{
    private static readonly ExperimentOptions Spec = SpecReader.ReadYaml(
        """
        seed: 7
        lockstep: true
        environment: { name: CartPole-v1 }
        algorithm: { learning_rate: 0.001 }
        """);

    private readonly string _directory = Directory.CreateTempSubdirectory("rapid-test-").FullName;

    private string Events => Path.Combine(_directory, "tensorboard");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Lines_keep_their_order_and_separate_what_depends_on_the_clock()
    {
        using (var metrics = Create())
        {
            metrics.Write(10, "train", [("loss", 0.1), ("kl", double.NaN)]);
            metrics.Write(10, "evaluation", [("return_mean", 5)]);
        }

        var lines = File.ReadAllLines(Path.Combine(_directory, "metrics.jsonl"));
        Assert.StartsWith("{\"step\":10,\"kind\":\"train\",\"loss\":0.1,\"kl\":null,\"time\":{", lines[0], StringComparison.Ordinal);
        Assert.NotNull(JsonNode.Parse(lines[0])!["time"]!["steps_per_second"]);
        Assert.Equal("evaluation", (string?)JsonNode.Parse(lines[1])!["kind"]);
    }

    [Fact]
    public void A_resumed_run_writes_on_after_its_checkpoint()
    {
        using (var metrics = Create())
        {
            metrics.Write(10, "train", []);
            metrics.Write(20, "train", []);
        }

        File.AppendAllText(Path.Combine(_directory, "metrics.jsonl"), "{\"step\":30,\"kin");
        using (var metrics = Create())
        {
            metrics.TruncateAfter(10);
            metrics.Write(20, "train", []);
        }

        var lines = File.ReadAllLines(Path.Combine(_directory, "metrics.jsonl"));
        Assert.Equal([10, 20], lines.Select(line => (long)JsonNode.Parse(line)!["step"]!));
    }

    [Fact]
    public void Scores_that_came_behind_lines_of_later_steps_stay()
    {
        using (var metrics = Create())
        {
            metrics.Write(10, "train", []);
            metrics.Write(20, "train", []);
            metrics.Write(30, "train", []);
            metrics.Write(10, "evaluation", [("return_mean", 1)]);
            metrics.Write(30, "evaluation", [("return_mean", 2)]);
            metrics.Write(20, "evaluation", [("return_mean", 3)]);
        }

        File.AppendAllText(Path.Combine(_directory, "metrics.jsonl"), "{\"step\":10,\"kin");
        using (var metrics = Create())
        {
            Assert.Equal([10, 20], metrics.TruncateAfter(20).Order());
        }

        var lines = File.ReadAllLines(Path.Combine(_directory, "metrics.jsonl")).Select(line => JsonNode.Parse(line)!);
        Assert.Equal(
            [(10, "train"), (20, "train"), (10, "evaluation"), (20, "evaluation")],
            lines.Select(line => ((int)line["step"]!, (string)line["kind"]!)));
    }

    [Fact]
    public void Event_files_hold_the_spec_and_the_scalars_with_their_steps_and_times()
    {
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        using (var metrics = Create())
        {
            metrics.Write(5_000_000_000, "train", [("loss", 0.5), ("kl", double.NaN)]);
            metrics.Write(5_000_000_000, "evaluation", [("return_mean", -2)]);
        }

        var events = EventReader.Read(Events);
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.All(events, record => Assert.InRange(record.WallTime, before, before + 60));
        Assert.Contains("seed: 7", Value(events, "spec/text_summary").Tensor.StringVal[0].ToStringUtf8(), StringComparison.Ordinal);
        Assert.Equal(0.5f, Value(events, "train/loss").SimpleValue);
        Assert.Equal(-2, Value(events, "evaluation/return_mean").SimpleValue);
        Assert.DoesNotContain(Values(events), value => value.Tag == "train/kl");
        Assert.All(events[2..], record => Assert.Equal(5_000_000_000, record.Step));
    }

    [Fact]
    public void Histograms_count_every_finite_number_and_know_their_sums()
    {
        float[] spread = [-1, 0, 0.5f, 0.5f, 2, float.NaN, float.PositiveInfinity];
        using (var metrics = Create())
        {
            metrics.WriteHistograms(64, [("parameters/a", spread), ("flat", new float[100]), ("nothing", new float[] { float.NaN })]);
        }

        var events = EventReader.Read(Events);
        Assert.Equal(64, events[^1].Step);
        var histogram = Value(events, "parameters/a").Histo;
        Assert.Equal((5, -1, 2), (histogram.Num, histogram.Min, histogram.Max));
        Assert.Equal((2, 5.5), (histogram.Sum, histogram.SumSquares));
        Assert.Equal(histogram.Bucket.Count, histogram.BucketLimit.Count);
        Assert.Equal(5, histogram.Bucket.Sum());
        Assert.Equal(2, CountUpTo(histogram, 0.1), 0.0);
        Assert.Equal(4, CountUpTo(histogram, 0.6), 0.0);

        var flat = Value(events, "flat").Histo;
        Assert.Equal((100, 0, 0, 100), (flat.Num, flat.Min, flat.Max, flat.Bucket.Sum()));
        Assert.DoesNotContain(Values(events), value => value.Tag == "nothing");
    }

    [Fact]
    public void Every_field_of_the_spec_is_a_hyper_parameter_and_a_finished_run_says_so()
    {
        using (var metrics = Create())
        {
            metrics.Write(10, "evaluation", [("return_mean", 5)]);
            metrics.Finish();
        }

        var events = EventReader.Read(Events);
        var fields = Plugin(events, "_hparams_/session_start_info").SessionStartInfo.Hparams;
        Assert.Equal(7, fields["seed"].NumberValue);
        Assert.Equal("CartPole-v1", fields["environment.name"].StringValue);
        Assert.Equal(0.001, fields["algorithm.learning_rate"].NumberValue);
        Assert.True(fields["lockstep"].BoolValue);
        Assert.StartsWith("[", fields["network.hidden_sizes"].StringValue, StringComparison.Ordinal);
        Assert.DoesNotContain(fields.Values, field =>
            field.KindCase is Field.KindOneofCase.NullValue or Field.KindOneofCase.StructValue or Field.KindOneofCase.ListValue);
        Assert.Equal(Status.Success, Plugin(events, "_hparams_/session_end_info").SessionEndInfo.Status);
        Assert.All(
            Values(events).Where(value => value.Tag.StartsWith("_hparams_", StringComparison.Ordinal)),
            value => Assert.Equal(0, Assert.Single(value.Tensor.TensorShape.Dim).Size));
    }

    [Fact]
    public async Task A_run_that_goes_on_keeps_its_events_and_says_from_where_they_count_no_more()
    {
        using (var metrics = Create())
        {
            metrics.Write(10, "train", [("loss", 1)]);
            metrics.Write(20, "train", [("loss", 2)]);
        }

        // A killed process leaves a record that is not whole.
        var torn = Directory.GetFiles(Events).Single();
        File.WriteAllBytes(torn, File.ReadAllBytes(torn)[..^5]);
        var kept = File.ReadAllBytes(torn);
        await Task.Delay(2);
        using (var metrics = Create())
        {
            metrics.TruncateAfter(10);
            metrics.Write(20, "train", [("loss", 3)]);
        }

        Assert.Equal(kept, File.ReadAllBytes(torn));
        var events = EventReader.Read(Events);
        var losses = events.Where(record => record.Summary?.Value.Any(value => value.Tag == "train/loss") == true)
            .Select(record => (record.Step, record.Summary.Value.First(value => value.Tag == "train/loss").SimpleValue));
        Assert.Equal([(10, 1f), (20, 3f)], losses);
        var restart = Assert.Single(events, record => record.SessionLog?.Status == SessionLog.Types.SessionStatus.Start);
        Assert.Equal(11, restart.Step);
    }

    [Fact]
    public void Event_files_of_one_moment_or_of_a_clock_that_was_set_back_stay_apart_and_in_order()
    {
        var now = DateTimeOffset.UnixEpoch.AddDays(20_000);
        foreach (var moment in (DateTimeOffset[])[now, now, now.AddDays(-1), now.AddDays(1)])
        {
            new EventFile(Events, moment).Dispose();
        }

        var numbers = Directory.GetFiles(Events).Order(StringComparer.Ordinal).Select(path => long.Parse(path.Split('.')[^2], CultureInfo.InvariantCulture));
        var first = now.ToUnixTimeMilliseconds();
        Assert.Equal([first, first + 1, first + 2, now.AddDays(1).ToUnixTimeMilliseconds()], numbers);
    }

    [Fact]
    public void Telemetry_counts_what_this_life_of_a_run_did_and_forgets_the_run_when_it_has_ended()
    {
        using (var metrics = Create())
        {
            metrics.Write(10, "train", [("updates", 1), ("stale_blocks", 4), ("invalid_blocks", 2)]);
        }

        using var counts = new Counts("test");
        using (var metrics = Create())
        {
            metrics.TruncateAfter(10);
            metrics.Write(30, "train", [("updates", 2), ("stale_blocks", 4), ("invalid_blocks", 3), ("gradient_norm", 0.25)]);
            metrics.Write(30, "evaluation", [("return_mean", 5)]);
            metrics.Write(60, "train", [("updates", 4), ("stale_blocks", 7), ("invalid_blocks", double.NaN)]);
            Assert.Equal(50, counts["rapid.learner.steps"]);
            Assert.Equal(3, counts["rapid.learner.updates"]);
            Assert.Equal(3, counts["rapid.learner.stale_blocks"]);
            Assert.Equal(3, counts["rapid.learner.invalid_blocks"]);
            Assert.Equal(0.25, counts["rapid.learner.gradient_norm"]);
            Assert.Equal(0, counts.Ended);
        }

        Assert.True(counts.Ended > 0);
    }

    private RunMetrics Create() => new(_directory, "test", Spec);

    private static IEnumerable<Value> Values(IEnumerable<Event> events) => events.SelectMany(record => record.Summary?.Value ?? []);

    private static Value Value(IEnumerable<Event> events, string tag) => Assert.Single(Values(events), value => value.Tag == tag);

    private static HParamsPluginData Plugin(IEnumerable<Event> events, string tag)
    {
        var plugin = Value(events, tag).Metadata.PluginData;
        Assert.Equal("hparams", plugin.PluginName);
        return HParamsPluginData.Parser.ParseFrom(plugin.Content);
    }

    /// <summary>Sums of what instruments of a run measure.</summary>
    private sealed class Counts : IDisposable
    {
        private readonly Dictionary<string, double> _sums = [];
        private readonly HashSet<Instrument> _own = [];
        private readonly MeterListener _listener = new();

        public Counts(string experiment)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                // Other tests' runs have meters at the same time, and then a number ends the name of this one; the tag tells them apart.
                if (instrument.Meter.Name.StartsWith("Rapid.Learner", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
            {
                foreach (var tag in tags)
                {
                    if (tag is { Key: "experiment", Value: string of } && of == experiment)
                    {
                        _own.Add(instrument);
                        _sums[instrument.Name] = _sums.GetValueOrDefault(instrument.Name) + value;
                    }
                }
            }

            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.MeasurementsCompleted = (instrument, _) => Ended += _own.Contains(instrument) ? 1 : 0;
            _listener.Start();
        }

        /// <summary>Instruments that are no more.</summary>
        public int Ended { get; private set; }

        public double this[string name] => _sums.GetValueOrDefault(name);

        public void Dispose() => _listener.Dispose();
    }

    /// <summary>Numbers in the buckets whose limits are no higher.</summary>
    private static double CountUpTo(HistogramProto histogram, double limit) =>
        histogram.Bucket.Zip(histogram.BucketLimit).Where(bucket => bucket.Second <= limit).Sum(bucket => bucket.First);
}
