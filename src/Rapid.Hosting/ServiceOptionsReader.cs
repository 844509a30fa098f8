using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Rapid.Core;

namespace Rapid.Hosting;

/// <summary>
/// Reads <see cref="ServiceOptions"/> from <c>appsettings.json</c> (same names as the variables) and the environment, which wins. Secrets
/// can stay in files, where orchestrators put them: RAPID_TOKEN_FILE is the path of the file that holds RAPID_TOKEN, and so on.
/// </summary>
public static class ServiceOptionsReader
{
    private const int SmallestMaxMessage = 64 << 10, LongestName = 200;

    /// <summary>Reads <c>appsettings.json</c> beside the executable, then in the current folder, then the environment variables.</summary>
    /// <exception cref="ConfigurationException">A file is no JSON, or a value is wrong.</exception>
    public static ServiceOptions Read(ServiceKind kind)
    {
        try
        {
            return Read(kind, new ConfigurationBuilder()
                .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
                .AddJsonFile(Path.Combine(Environment.CurrentDirectory, "appsettings.json"), optional: true)
                .AddEnvironmentVariables()
                .Build());
        }
        catch (InvalidDataException error)
        {
            throw new ConfigurationException([$"{error.Message} {error.InnerException?.Message}"]);
        }
    }

    /// <summary>Reads the values of a configuration.</summary>
    /// <exception cref="ConfigurationException">Names every wrong variable, its value and what is allowed.</exception>
    public static ServiceOptions Read(ServiceKind kind, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var reader = new Reader(configuration);
        var defaults = new ServiceOptions { Listen = [] };
        var options = new ServiceOptions
        {
            Listen = reader.Addresses("RAPID_LISTEN", [DefaultListen(kind)], reachable: false),
            MetricsListen = reader.Addresses("RAPID_METRICS_LISTEN", defaults.MetricsListen, reachable: false),
            Learners = reader.Addresses("RAPID_LEARNER", defaults.Learners, reachable: true),
            Advertise = reader.Addresses("RAPID_ADVERTISE", [], reachable: true, single: true) is [var advertised] ? advertised : null,
            Replay = reader.Addresses("RAPID_REPLAY", defaults.Replay, reachable: true),
            ShardPatience = reader.Integer("RAPID_SHARD_PATIENCE", 1, 86_400, "seconds") is { } patience
                ? TimeSpan.FromSeconds(patience)
                : defaults.ShardPatience,
            Redis = reader.Secret("RAPID_REDIS"),
            Shard = reader.Name("RAPID_SHARD")!,
            Runs = reader.Text("RAPID_RUNS") ?? defaults.Runs,
            Token = reader.Token("RAPID_TOKEN"),
            RoleTokens = reader.RoleTokens(),
            ActsAs = kind switch
            {
                ServiceKind.Actor => [Roles.Actor],
                ServiceKind.Evaluator => [Roles.Evaluator],
                ServiceKind.Learner => [Roles.Learner],
                _ => [],
            },
            IsInsecure = reader.Boolean("RAPID_INSECURE"),
            TlsCertificate = reader.ExistingFile("RAPID_TLS_CERTIFICATE"),
            TlsKey = reader.ExistingFile("RAPID_TLS_KEY"),
            TlsCa = reader.ExistingFile("RAPID_TLS_CA"),
            TlsClientCa = reader.ExistingFile("RAPID_TLS_CLIENT_CA"),
            MaxMessageBytes =
                (int?)reader.Integer("RAPID_MAX_MESSAGE", SmallestMaxMessage, Array.MaxLength, "bytes") ?? defaults.MaxMessageBytes,
            Limits = reader.Limits(defaults.Limits),
            ActorSlots = (int?)reader.Integer("RAPID_ACTOR_SLOTS", 1, 100_000, "slots") ?? defaults.ActorSlots,
            ParallelRuns = (int?)reader.Integer("RAPID_PARALLEL_RUNS", 1, 10_000, "experiments") ?? defaults.ParallelRuns,
            OtlpEndpoint = reader.Endpoint("OTEL_EXPORTER_OTLP_ENDPOINT"),
            TraceRatio = reader.Fraction("RAPID_TRACE_RATIO") ?? defaults.TraceRatio,
        };
        reader.CheckTokens(options);
        reader.CheckTls(options);
        reader.ThrowIfWrong();
        return options;
    }

    /// <summary>Where a service listens when RAPID_LISTEN is not set.</summary>
    public static ServiceAddress DefaultListen(ServiceKind kind) => ServiceAddress.Parse(kind switch
    {
        ServiceKind.Replay => "http://127.0.0.1:5101",
        ServiceKind.Learner => "http://127.0.0.1:5102",
        // Several actors on one machine start without configuration; nobody but health checks connects to them.
        ServiceKind.Actor => "http://127.0.0.1:5103-5199",
        ServiceKind.Evaluator => "http://127.0.0.1:5104-5199",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a service"),
    });

    private sealed class Reader(IConfiguration configuration)
    {
        private readonly List<string> _problems = [];

        public string? Text(string name) => string.IsNullOrWhiteSpace(configuration[name]) ? null : configuration[name]!.Trim();

        /// <summary>A value that is a secret, of which a file may have it: NAME_FILE.</summary>
        public string? Secret(string name)
        {
            var (value, path) = (Text(name), Text(name + "_FILE"));
            if (path is null)
            {
                return value;
            }

            if (value is not null)
            {
                _problems.Add($"{name}, {name}_FILE: both are set; set one of them");
                return value;
            }

            try
            {
                if (File.ReadAllText(path).Trim() is { Length: > 0 } secret)
                {
                    return secret;
                }

                _problems.Add($"{name}_FILE: '{path}' is empty; allowed: the path of a file that holds {name}");
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _problems.Add($"{name}_FILE: '{path}' cannot be read ({error.Message}); allowed: the path of a file that holds {name}");
            }

            return null;
        }

        public IReadOnlyList<ServiceAddress> Addresses(
            string name, IReadOnlyList<ServiceAddress> defaults, bool reachable, bool single = false)
        {
            if (Text(name) is not { } text)
            {
                return defaults;
            }

            var parts = text.Split([',', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0 || (single && parts.Length > 1))
            {
                Wrong(name, text, single ? "one address" : reachable ? ServiceAddress.Allowed : ServiceAddress.AllowedToListen);
                return defaults;
            }

            var addresses = new List<ServiceAddress>();
            foreach (var part in parts)
            {
                if (ServiceAddress.TryParse(part, out var address) && (reachable ? address.IsReachable : !address.IsName))
                {
                    addresses.Add(address);
                }
                else
                {
                    var ports = reachable
                        ? "; the port must be a single one above 0"
                        : "; a range of ports host:first-last takes the first free one";
                    Wrong(name, part, (reachable ? ServiceAddress.Allowed : ServiceAddress.AllowedToListen) + ports);
                }
            }

            return addresses.Count > 0 ? addresses : defaults;
        }

        public string? Token(string name)
        {
            var token = Secret(name);
            if (token is not null && token.Any(c => c is <= ' ' or > '~'))
            {
                // The value is a secret and stays out of the log.
                _problems.Add($"{name}: the token must be printable ASCII without spaces");
            }

            return token;
        }

        public Dictionary<string, string> RoleTokens()
        {
            var tokens = new Dictionary<string, string>();
            foreach (var role in Roles.All)
            {
                if (Token(Roles.Variable(role)) is { } token)
                {
                    tokens.Add(role, token);
                }
            }

            return tokens;
        }

        /// <summary>Two roles with one token would each be both.</summary>
        public void CheckTokens(ServiceOptions options)
        {
            var tokens = options.RoleTokens.Select(token => (variable: Roles.Variable(token.Key), Token: token.Value));
            tokens = options.Token is { } shared ? tokens.Prepend(("RAPID_TOKEN", shared)) : tokens;
            foreach (var same in tokens.GroupBy(token => token.Token, token => token.variable).Where(same => same.Count() > 1))
            {
                var variables = string.Join(", ", same);
                _problems.Add($"{variables}: have the same token; give each its own, or set RAPID_TOKEN alone, which has every role");
            }
        }

        /// <summary>A name that others tell this service from others by.</summary>
        public string? Name(string name)
        {
            var text = Text(name);
            if (text is not null && (text.Length > LongestName || text.Any(char.IsControl)))
            {
                Wrong(name, text, $"a name of at most {LongestName} characters");
            }

            return text;
        }

        public bool Boolean(string name)
        {
            if (Text(name) is not { } text)
            {
                return false;
            }

            if (!NumberReader.TryReadFlag(text, out var value))
            {
                Wrong(name, text, "true or false");
            }

            return value;
        }

        public string? ExistingFile(string name)
        {
            var path = Text(name);
            if (path is not null && !File.Exists(path))
            {
                Wrong(name, path, "the path of an existing PEM file");
            }

            return path;
        }

        public long? Integer(string name, long minimum, long maximum, string unit)
        {
            if (Text(name) is not { } text)
            {
                return null;
            }

            if (NumberReader.TryReadWhole(text, out var value) && value >= minimum && value <= maximum)
            {
                return (long)value;
            }

            var allowed = string.Create(CultureInfo.InvariantCulture, $"a whole number of {unit} from {minimum} to {maximum}");
            Wrong(name, text, allowed + NumberReader.Hint(text));
            return null;
        }

        public double? Fraction(string name)
        {
            if (Text(name) is not { } text)
            {
                return null;
            }

            if (NumberReader.TryReadReal(text, out var value) && value is >= 0 and <= 1)
            {
                return value;
            }

            Wrong(name, text, $"a number from 0 to 1{NumberReader.Hint(text)}");
            return null;
        }

        public ServiceLimits Limits(ServiceLimits defaults)
        {
            return new ServiceLimits
            {
                CompressionRatio = Limit("COMPRESSION", defaults.CompressionRatio, "times", maximum: 10_000),
                ConnectionBytes = Bytes("CONNECTION_BYTES", defaults.ConnectionBytes),
                ServiceBytes = Bytes("SERVICE_BYTES", defaults.ServiceBytes),
                BodySeconds = Limit("BODY_SECONDS", defaults.BodySeconds, "seconds", maximum: 86_400),
                Connections = Limit("CONNECTIONS", defaults.Connections, "connections"),
                Streams = Limit("STREAMS", defaults.Streams, "calls"),
                Requests = Limit("REQUESTS", defaults.Requests, "calls a second"),
                Tables = Limit("TABLES", defaults.Tables, "tables"),
                Queued = Limit("QUEUED", defaults.Queued, "experiments"),
                QueuedPerSubmitter = Limit("QUEUED_PER_SUBMITTER", defaults.QueuedPerSubmitter, "experiments"),
                RunningPerSubmitter = Limit("RUNNING_PER_SUBMITTER", defaults.RunningPerSubmitter, "experiments"),
                Workers = Limit("WORKERS", defaults.Workers, "workers"),
                Subscribers = Limit("SUBSCRIBERS", defaults.Subscribers, "subscribers"),
                IdLength = Limit("ID", defaults.IdLength, "characters", maximum: 10_000),
            };

            int Limit(string name, int value, string unit, int maximum = 1_000_000) =>
                (int?)Integer($"RAPID_MAX_{name}", 1, maximum, unit) ?? value;

            long Bytes(string name, long value) => Integer($"RAPID_MAX_{name}", SmallestMaxMessage, long.MaxValue, "bytes") ?? value;
        }

        public Uri? Endpoint(string name)
        {
            if (Text(name) is not { } text)
            {
                return null;
            }

            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
            {
                return uri;
            }

            Wrong(name, text, "an http:// or https:// address");
            return null;
        }

        public void CheckTls(ServiceOptions options)
        {
            if (options.TlsCertificate is null != options.TlsKey is null)
            {
                var (missing, present) = options.TlsKey is null
                    ? ("RAPID_TLS_KEY", "RAPID_TLS_CERTIFICATE")
                    : ("RAPID_TLS_CERTIFICATE", "RAPID_TLS_KEY");
                _problems.Add($"{missing}: not set, but {present} is; a certificate and its key go together");
            }
            else if (options.TlsCertificate is { } certificate && File.Exists(certificate) && File.Exists(options.TlsKey))
            {
                var files = $"RAPID_TLS_CERTIFICATE, RAPID_TLS_KEY: '{certificate}' and '{options.TlsKey}'";
                Try(files, "a PEM certificate and its unencrypted PEM key", () =>
                {
                    using var identity = TlsFiles.LoadIdentity(certificate, options.TlsKey);
                });
            }

            CheckAuthorities("RAPID_TLS_CA", options.TlsCa);
            CheckAuthorities("RAPID_TLS_CLIENT_CA", options.TlsClientCa);

            if (options.TlsCertificate is null && options.TlsKey is null)
            {
                CheckPlain("RAPID_LISTEN", options.Listen);
                CheckPlain("RAPID_METRICS_LISTEN", options.MetricsListen);
            }
        }

        public void ThrowIfWrong()
        {
            if (_problems.Count > 0)
            {
                throw new ConfigurationException(_problems);
            }
        }

        private void CheckAuthorities(string name, string? path)
        {
            if (path is not null && File.Exists(path))
            {
                Try($"{name}: '{path}'", "a PEM file of one or more certificates", () => TlsFiles.LoadCertificates(path));
            }
        }

        private void CheckPlain(string name, IReadOnlyList<ServiceAddress> addresses)
        {
            if (addresses.FirstOrDefault(address => address.IsSecure) is { } secure)
            {
                _problems.Add($"RAPID_TLS_CERTIFICATE: not set, but {name} has {secure}; set it and RAPID_TLS_KEY to PEM files");
            }
        }

        private void Try(string what, string allowed, Action load)
        {
            try
            {
                load();
            }
            catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
            {
                _problems.Add($"{what} cannot be used ({error.Message.TrimEnd('.')}); allowed: {allowed}");
            }
        }

        private void Wrong(string name, string value, string allowed) =>
            _problems.Add($"{name}: '{value}' is not allowed; allowed: {allowed}");
    }
}
