using Microsoft.Extensions.Configuration;

namespace Rapid.Hosting.Tests;

public class ServiceOptionsReaderTests
{
    [Theory]
    [InlineData(ServiceKind.Replay, "http://127.0.0.1:5101")]
    [InlineData(ServiceKind.Learner, "http://127.0.0.1:5102")]
    [InlineData(ServiceKind.Actor, "http://127.0.0.1:5103-5199")]
    [InlineData(ServiceKind.Evaluator, "http://127.0.0.1:5104-5199")]
    public void Without_configuration_the_services_of_one_machine_find_each_other(ServiceKind kind, string listen)
    {
        var options = Read(kind, []);

        Assert.Equal(listen, Assert.Single(options.Listen).ToString());
        Assert.Equal(ServiceOptionsReader.DefaultListen(ServiceKind.Learner), options.Learner);
        Assert.Equal([ServiceOptionsReader.DefaultListen(ServiceKind.Replay)], options.Replay);
        Assert.Equal((null, null, "runs", 256 << 20), (options.Redis, options.Token, options.Runs, options.MaxMessageBytes));
        Assert.Equal(Environment.ProcessorCount, options.ActorSlots);
        Assert.Null(options.OtlpEndpoint);
        Assert.Empty(options.MetricsListen);
    }

    [Fact]
    public void Every_variable_is_read()
    {
        using var folder = new TestFolder();
        var tls = new Certificates(folder);

        var options = Read(ServiceKind.Learner, new()
        {
            ["RAPID_LISTEN"] = " https://0.0.0.0:5102 , unix:/run/l.sock",
            ["RAPID_METRICS_LISTEN"] = "http://0.0.0.0:9100",
            ["RAPID_LEARNER"] = "https://learner:5102",
            ["RAPID_REPLAY"] = "http://replay-0:5101;http://replay-1:5101",
            ["RAPID_REDIS"] = " redis:6379 ",
            ["RAPID_RUNS"] = "/data/runs",
            ["RAPID_TOKEN"] = "s3cret",
            ["RAPID_INSECURE"] = "True",
            ["RAPID_TLS_CERTIFICATE"] = tls.Chain,
            ["RAPID_TLS_KEY"] = tls.Key,
            ["RAPID_TLS_CA"] = tls.Root,
            ["RAPID_TLS_CLIENT_CA"] = tls.Chain,
            ["RAPID_MAX_MESSAGE"] = "1048576",
            ["RAPID_ACTOR_SLOTS"] = "3",
            ["RAPID_MAX_COMPRESSION"] = "11",
            ["RAPID_MAX_CONNECTION_BYTES"] = "70000",
            ["RAPID_MAX_SERVICE_BYTES"] = "5000000000",
            ["RAPID_MAX_BODY_SECONDS"] = "14",
            ["RAPID_MAX_CONNECTIONS"] = "15",
            ["RAPID_MAX_STREAMS"] = "16",
            ["RAPID_MAX_REQUESTS"] = "17",
            ["RAPID_MAX_TABLES"] = "18",
            ["RAPID_MAX_QUEUED"] = "19",
            ["RAPID_MAX_QUEUED_PER_SUBMITTER"] = "23",
            ["RAPID_MAX_RUNNING_PER_SUBMITTER"] = "24",
            ["RAPID_PARALLEL_RUNS"] = "4",
            ["RAPID_MAX_WORKERS"] = "20",
            ["RAPID_MAX_SUBSCRIBERS"] = "21",
            ["RAPID_MAX_ID"] = "22",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://collector:4317",
            ["RAPID_TRACE_RATIO"] = "0.25",
        });

        Assert.Equal(["https://0.0.0.0:5102", "unix:/run/l.sock"], options.Listen.Select(address => address.ToString()));
        Assert.Equal("http://0.0.0.0:9100", Assert.Single(options.MetricsListen).ToString());
        Assert.Equal("https://learner:5102", options.Learner.ToString());
        Assert.Equal(["http://replay-0:5101", "http://replay-1:5101"], options.Replay.Select(address => address.ToString()));
        Assert.Equal(("redis:6379", "/data/runs", "s3cret"), (options.Redis, options.Runs, options.Token));
        Assert.True(options.IsInsecure);
        Assert.Equal((tls.Chain, tls.Key, tls.Root), (options.TlsCertificate, options.TlsKey, options.TlsCa));
        Assert.Equal(tls.Chain, options.TlsClientCa);
        Assert.Equal((1 << 20, 3, 4), (options.MaxMessageBytes, options.ActorSlots, options.ParallelRuns));
        Assert.Equal((new Uri("http://collector:4317"), 0.25), (options.OtlpEndpoint, options.TraceRatio));
        var limits = new ServiceLimits
        {
            CompressionRatio = 11,
            ConnectionBytes = 70_000,
            ServiceBytes = 5_000_000_000,
            BodySeconds = 14,
            Connections = 15,
            Streams = 16,
            Requests = 17,
            Tables = 18,
            Queued = 19,
            QueuedPerSubmitter = 23,
            RunningPerSubmitter = 24,
            Workers = 20,
            Subscribers = 21,
            IdLength = 22,
        };
        Assert.Equal(limits, options.Limits);
    }

    [Fact]
    public void A_service_is_found_by_names_and_listens_on_addresses()
    {
        var options = Read(ServiceKind.Replay, new()
        {
            ["RAPID_LEARNER"] = "file:///run/learner",
            ["RAPID_REPLAY"] = "dns:///replay:5101,dns+https:///replay:5101,file+https:///run/replays",
            ["RAPID_SHARD"] = "replay-1",
            ["RAPID_SHARD_PATIENCE"] = "90",
        });

        Assert.True(options.Learner.IsName);
        Assert.Equal(
            ["dns:///replay:5101", "dns+https:///replay:5101", "file+https:///run/replays"],
            options.Replay.Select(address => address.ToString()));
        Assert.Equal(("replay-1", TimeSpan.FromSeconds(90)), (options.Shard, options.ShardPatience));
        Assert.StartsWith(
            "RAPID_LISTEN: 'dns:///replay:5101' is not allowed; allowed: http://host:port, ",
            Assert.Single(ProblemsOf(new() { ["RAPID_LISTEN"] = "dns:///replay:5101" })),
            StringComparison.Ordinal);
        Assert.StartsWith(
            "RAPID_SHARD: ", Assert.Single(ProblemsOf(new() { ["RAPID_SHARD"] = new string('x', 201) })), StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_that_nobody_named_differ_on_one_machine_and_are_the_same_in_every_life()
    {
        string ShardAt(int port) => Read(ServiceKind.Replay, new() { ["RAPID_LISTEN"] = $"http://127.0.0.1:{port}" }).Shard;

        Assert.Equal(ShardAt(5101), ShardAt(5101));
        Assert.NotEqual(ShardAt(5101), ShardAt(5102));
    }

    [Fact]
    public void An_empty_variable_is_the_same_as_none() => Assert.Equivalent(
        Read(ServiceKind.Actor, []),
        Read(ServiceKind.Actor, new()
        {
            ["RAPID_LISTEN"] = "",
            ["RAPID_TOKEN"] = " ",
            ["RAPID_MAX_MESSAGE"] = "",
            ["RAPID_TLS_KEY"] = "",
        }));

    [Fact]
    public void Secrets_can_be_in_files()
    {
        using var folder = new TestFolder();

        var options = Read(ServiceKind.Replay, new()
        {
            ["RAPID_TOKEN_FILE"] = folder.Write("token", "s3cret\n"),
            ["RAPID_TOKEN_ACTOR_FILE"] = folder.Write("actor", "actor's"),
            ["RAPID_REDIS_FILE"] = folder.Write("redis", "redis:6379,password=p\n"),
        });

        Assert.Equal(("s3cret", "redis:6379,password=p"), (options.Token, options.Redis));
        Assert.Equal("actor's", options.RoleTokens[Roles.Actor]);
    }

    [Fact]
    public void A_file_that_has_no_secret_is_named_and_what_it_holds_is_not_said()
    {
        using var folder = new TestFolder();
        var words = folder.Write("words", "two words");

        var problems = ProblemsOf(new()
        {
            ["RAPID_TOKEN_FILE"] = words,
            ["RAPID_TOKEN_ACTOR_FILE"] = folder.At("missing"),
            ["RAPID_TOKEN_VIEWER_FILE"] = folder.Write("empty", "\n"),
            ["RAPID_REDIS"] = "redis:6379",
            ["RAPID_REDIS_FILE"] = words,
        });

        Assert.Equal(
            ["RAPID_REDIS, RAPID_REDIS_FILE", "RAPID_TOKEN", "RAPID_TOKEN_ACTOR_FILE", "RAPID_TOKEN_VIEWER_FILE"],
            problems.Select(problem => problem.Split(": ")[0]).Order(StringComparer.Ordinal));
        Assert.All(problems, problem => Assert.DoesNotContain("two words", problem, StringComparison.Ordinal));
    }

    public static TheoryData<string, string, string[]> BadValues() => new()
    {
        { "RAPID_LISTEN", "5101", ["'5101'", "http://host:port", "unix:/absolute/path", "first free one"] },
        { "RAPID_LISTEN", ",", ["','", "http://host:port"] },
        { "RAPID_METRICS_LISTEN", "9100", ["'9100'", "http://host:port", "first free one"] },
        { "RAPID_METRICS_LISTEN", "https://0.0.0.0:9100", ["RAPID_METRICS_LISTEN has https://0.0.0.0:9100", "RAPID_TLS_KEY"] },
        { "RAPID_ADVERTISE", "http://learner:5102,http://other:5102", ["one address"] },
        { "RAPID_LEARNER", "http://learner:0", ["'http://learner:0'", "above 0"] },
        { "RAPID_REPLAY", "http://replay:5101-5102", ["'http://replay:5101-5102'", "a single one"] },
        { "RAPID_REPLAY", "replay", ["'replay'", "http://host:port"] },
        { "RAPID_TOKEN", "two words", ["printable ASCII"] },
        { "RAPID_TOKEN", "tökén", ["printable ASCII"] },
        { "RAPID_INSECURE", "yes", ["'yes'", "true or false"] },
        { "RAPID_TLS_CA", "/nowhere/ca.pem", ["'/nowhere/ca.pem'", "existing PEM file"] },
        { "RAPID_MAX_MESSAGE", "1MB", ["'1MB'", "from 65536 to"] },
        { "RAPID_MAX_MESSAGE", "65535", ["'65535'", "from 65536 to"] },
        { "RAPID_MAX_MESSAGE", "99999999999", ["'99999999999'", "from 65536 to"] },
        { "RAPID_MAX_STREAMS", "0", ["'0'", "from 1 to 1000000"] },
        { "RAPID_MAX_SERVICE_BYTES", "1GB", ["'1GB'", "bytes from 65536 to"] },
        { "RAPID_ACTOR_SLOTS", "0", ["'0'", "from 1 to 100000"] },
        { "RAPID_ACTOR_SLOTS", "-3", ["'-3'", "from 1 to 100000"] },
        { "RAPID_TRACE_RATIO", "1.5", ["'1.5'", "from 0 to 1"] },
        { "RAPID_TRACE_RATIO", "1 %", ["'1 %'", "from 0 to 1"] },
        { "OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", ["'collector:4317'", "http:// or https://"] },
        { "RAPID_LISTEN", "https://0.0.0.0:5101", ["not set", "https://0.0.0.0:5101"] },
    };

    [Theory, MemberData(nameof(BadValues))]
    public void A_bad_value_is_named_with_what_is_allowed(string name, string value, string[] parts)
    {
        var problem = Assert.Single(ProblemsOf(new() { [name] = value }));

        var blamed = value.StartsWith("https", StringComparison.Ordinal) ? "RAPID_TLS_CERTIFICATE" : name;
        Assert.StartsWith($"{blamed}:", problem, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, problem, StringComparison.Ordinal));
    }

    [Fact]
    public void All_bad_values_are_reported_at_once_and_the_token_is_not_repeated()
    {
        var values = new Dictionary<string, string?>
        {
            ["RAPID_LISTEN"] = "tcp://x:1, http://y, unix:z",
            ["RAPID_LEARNER"] = "learner",
            ["RAPID_REPLAY"] = "http://a:1,b",
            ["RAPID_TOKEN"] = "top secret",
            ["RAPID_TLS_KEY"] = "/nowhere/key.pem",
            ["RAPID_MAX_MESSAGE"] = "big",
            ["RAPID_ACTOR_SLOTS"] = "many",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "udp://x",
        };

        var error = Assert.Throws<ConfigurationException>(() => Read(ServiceKind.Actor, values));

        Assert.Equal(
            [
                "RAPID_LISTEN", "RAPID_LISTEN", "RAPID_LISTEN", "RAPID_LEARNER", "RAPID_REPLAY", "RAPID_TOKEN", "RAPID_TLS_KEY",
                "RAPID_MAX_MESSAGE", "RAPID_ACTOR_SLOTS", "OTEL_EXPORTER_OTLP_ENDPOINT", "RAPID_TLS_CERTIFICATE",
            ],
            error.Problems.Select(problem => problem[..problem.IndexOf(':', StringComparison.Ordinal)]));
        Assert.Equal(error.Problems, error.Message.Split(Environment.NewLine));
        Assert.DoesNotContain("top secret", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ServiceKind.Replay, "shared")]
    [InlineData(ServiceKind.Learner, "l")]
    [InlineData(ServiceKind.Actor, "a")]
    [InlineData(ServiceKind.Evaluator, "shared")]
    public void A_service_calls_with_the_token_of_its_role_or_the_shared_one(ServiceKind kind, string sent)
    {
        var options = Read(kind, new() { ["RAPID_TOKEN"] = "shared", ["RAPID_TOKEN_ACTOR"] = "a", ["RAPID_TOKEN_LEARNER"] = "l" });

        Assert.Equal(sent, options.OwnToken);
        Assert.Equal(["RAPID_TOKEN", "RAPID_TOKEN_ACTOR", "RAPID_TOKEN_LEARNER"], options.TokenVariables);
    }

    [Fact]
    public void Two_roles_with_one_token_are_refused_and_the_token_is_not_repeated()
    {
        var problem = Assert.Single(ProblemsOf(
            new() { ["RAPID_TOKEN_OPERATOR"] = "secret", ["RAPID_TOKEN_VIEWER"] = "secret", ["RAPID_TOKEN_ACTOR"] = "other" }));

        Assert.StartsWith("RAPID_TOKEN_OPERATOR, RAPID_TOKEN_VIEWER: have the same token", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_and_its_key_go_together()
    {
        using var folder = new TestFolder();
        var (one, other) = (new Certificates(folder, "one"), new Certificates(folder, "other"));
        var junk = folder.Write("junk.pem", "nothing of interest");

        var alone = Assert.Single(ProblemsOf(new() { ["RAPID_TLS_CERTIFICATE"] = one.Chain }));
        Assert.StartsWith("RAPID_TLS_KEY: not set", alone, StringComparison.Ordinal);
        AssertUnusable(one.Chain, other.Key);
        AssertUnusable(junk, one.Key);
        AssertUnusable(one.Chain, junk);
        var problem = Assert.Single(ProblemsOf(new() { ["RAPID_TLS_CA"] = junk }));
        Assert.StartsWith($"RAPID_TLS_CA: '{junk}' cannot be used", problem, StringComparison.Ordinal);
        Assert.Contains("one or more certificates", problem, StringComparison.Ordinal);

        static void AssertUnusable(string certificate, string key)
        {
            var problem = Assert.Single(ProblemsOf(new() { ["RAPID_TLS_CERTIFICATE"] = certificate, ["RAPID_TLS_KEY"] = key }));
            var blame = $"RAPID_TLS_CERTIFICATE, RAPID_TLS_KEY: '{certificate}' and '{key}' cannot be used";
            Assert.StartsWith(blame, problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_number_is_written_in_any_way_that_a_number_is_in_a_spec()
    {
        foreach (var (name, plain) in Numbers())
        {
            var digits = plain == "10000" ? "10_000" : "100_000";
            var power = plain.Length - 1;
            foreach (var text in (string[])[$" +{plain} ", digits, $"{digits}.0", $"1e{power}", $"1.0E+{power}"])
            {
                Assert.Equivalent(Read(ServiceKind.Replay, new() { [name] = plain }), Read(ServiceKind.Replay, new() { [name] = text }));
            }
        }
    }

    [Fact]
    public void What_is_not_clearly_a_whole_number_is_refused_and_a_decimal_comma_is_named()
    {
        foreach (var (name, plain) in Numbers())
        {
            string[] wrong = ["70,000", $"{plain}.5", $"{plain},5", $"_{plain}", $"{plain}_", "0x10000", "1e99", $"-{plain}", "½"];
            foreach (var text in wrong)
            {
                var problem = Assert.Single(ProblemsOf(new() { [name] = text }));
                Assert.StartsWith($"{name}: '{text}' is not allowed; allowed: a whole number of ", problem, StringComparison.Ordinal);
                var isHinted = problem.Contains("the decimal sign is a point", StringComparison.Ordinal);
                Assert.Equal(text.Contains(',', StringComparison.Ordinal), isHinted);
            }
        }
    }

    /// <summary>Every variable that is read and takes a whole number, and one that it takes.</summary>
    private static List<(string Name, string Plain)> Numbers()
    {
        var asked = new AskedNames();
        ServiceOptionsReader.Read(ServiceKind.Replay, new ConfigurationBuilder().Add(asked).Build());
        bool Refuses(string name, string value, string part) => Record.Exception(() => Read(ServiceKind.Replay, new() { [name] = value }))
            is ConfigurationException { Problems: [var problem] } && problem.Contains(part, StringComparison.Ordinal);
        var numbers = asked.Names.Where(name => Refuses(name, "many", "a whole number"))
            .Select(name => (name, Refuses(name, "10000", name) ? "100000" : "10000")).ToList();
        Assert.Equal(18, numbers.Count);
        return numbers;
    }

    /// <summary>Has no values, and remembers what it was asked for.</summary>
    private sealed class AskedNames : ConfigurationProvider, IConfigurationSource
    {
        public HashSet<string> Names { get; } = [];

        public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

        public override bool TryGet(string key, out string? value)
        {
            Names.Add(key);
            value = null;
            return false;
        }
    }

    private static ServiceOptions Read(ServiceKind kind, Dictionary<string, string?> values) =>
        ServiceOptionsReader.Read(kind, new ConfigurationBuilder().AddInMemoryCollection(values).Build());

    private static IReadOnlyList<string> ProblemsOf(Dictionary<string, string?> values) =>
        Assert.Throws<ConfigurationException>(() => Read(ServiceKind.Replay, values)).Problems;
}
