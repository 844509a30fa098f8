using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Rapid.Hosting;
using StackExchange.Redis;

namespace Rapid.Redis;

/// <summary>Reads RAPID_REDIS, and the files of RAPID_TLS_* where it says <c>ssl=true</c>.</summary>
internal static class RedisConfiguration
{
    private const string Allowed = "allowed: a StackExchange.Redis configuration such as 'localhost:6379,user=rapid,password=...,ssl=true'";

    /// <summary>What to connect with; null when there is no Redis.</summary>
    /// <exception cref="ConfigurationException">RAPID_REDIS cannot be read.</exception>
    public static ConfigurationOptions? Read(ServiceOptions options)
    {
        if (options.Redis is not { } text)
        {
            return null;
        }

        var configuration = Parse(text);
        if (configuration.EndPoints.Count == 0)
        {
            throw new ConfigurationException([$"RAPID_REDIS: it names no host; {Allowed}"]);
        }

        // Operations are repeated here, with the reason in the log: the client need not hold them back, nor give up when it starts first.
        configuration.AbortOnConnectFail = false;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;

        // What the client would ask of keys and channels that are not ours, to choose between masters that are equals.
        configuration.TieBreaker = "";
        configuration.ConfigurationChannel = "";

        // The client's own lock on CONFIG GET; what a user may really do is up to the server.
        configuration.AllowAdmin = true;
        if (options.TlsCa is not null || options.TlsCertificate is not null)
        {
            configuration.SslClientAuthenticationOptions = Secure(configuration, options);
        }

        return configuration;
    }

    private static ConfigurationOptions Parse(string text)
    {
        try
        {
            return ConfigurationOptions.Parse(text);
        }
        catch (ArgumentException error)
        {
            // A password with a comma falls into parts that look like options: no text of the value may get into the log.
            var parts = text.Split(',', StringSplitOptions.TrimEntries);
            var part = Array.FindIndex(parts, part => part.StartsWith($"{error.ParamName}=", StringComparison.OrdinalIgnoreCase)) + 1;
            throw new ConfigurationException(
            [
                $"RAPID_REDIS: part {part} of the {parts.Length} between commas is no option or has a wrong value (it may be a piece of a "
                    + $"password, which must have no comma, and is not shown); {Allowed}",
            ]);
        }
    }

    /// <summary>TLS with the authorities of RAPID_TLS_CA alone, and with the service's certificate where Redis asks for one.</summary>
    private static Func<string, SslClientAuthenticationOptions> Secure(ConfigurationOptions configuration, ServiceOptions options)
    {
        X509ChainPolicy? trust = null;
        if (options.TlsCa is { } authorities)
        {
            trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            trust.CustomTrustStore.ImportFromPemFile(authorities);
        }

        SslStreamCertificateContext? identity = null;
        if (options.TlsCertificate is { } certificate)
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificate);
            identity = SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPemFile(certificate, options.TlsKey), chain, offline: true);
        }

        return host => new SslClientAuthenticationOptions
        {
            TargetHost = configuration.SslHost ?? host,
            EnabledSslProtocols = configuration.SslProtocols ?? default,
            CertificateChainPolicy = trust,
            ClientCertificateContext = identity,
        };
    }
}
