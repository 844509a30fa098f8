using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Rapid.Hosting;

/// <summary>TLS on both sides of a connection. Every handshake reads the files of the moment.</summary>
internal static class TlsConnections
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1", ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>What a service shows to a client, and asks of it.</summary>
    public static SslServerAuthenticationOptions Serve(TlsIdentity identity, SslApplicationProtocol protocol, string? clientAuthorities) =>
        new()
        {
            ServerCertificateContext = identity.Current,
            ApplicationProtocols = [protocol],
            ClientCertificateRequired = clientAuthorities is not null,
            CertificateChainPolicy = clientAuthorities is not null ? Trust(clientAuthorities, ClientUse) : null,
        };

    /// <summary>Connects to a service, showing it this one's certificate if there is one and the service asks.</summary>
    /// <exception cref="AuthenticationException">The service is not to be trusted, or does not speak TLS; the message says why.</exception>
    public static async ValueTask<Stream> ConnectAsync(ServiceAddress service, ServiceOptions options, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        string? problem = null;
        try
        {
            await socket.ConnectAsync(service.Host, service.Port, cancellation);
            tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = service.ServerName,
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                    CertificateChainPolicy = options.TlsCa is { } authorities ? Trust(authorities, ServerUse) : null,
                    ClientCertificateContext = options is { TlsCertificate: { } certificate, TlsKey: { } key }
                        ? SslStreamCertificateContext.Create(
                            TlsFiles.LoadIdentity(certificate, key), TlsFiles.LoadCertificates(certificate), offline: true)
                        : null,
                    RemoteCertificateValidationCallback = (_, shown, chain, errors) =>
                        (problem = ProblemOf(service.ServerName, shown, chain, errors)) is null,
                },
                cancellation);
            return tls;
        }
        catch (Exception error)
        {
            socket.Dispose();
            tls?.Dispose();
            if (tls is null || error is OperationCanceledException)
            {
                throw;
            }

            throw new AuthenticationException(
                problem
                ?? $"TLS cannot be agreed upon ({error.Message}); is it an http:// address, or does it ask for another certificate?",
                error);
        }
    }

    private static X509ChainPolicy Trust(string authorities, string use)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            ApplicationPolicy = { new Oid(use) },
        };
        policy.CustomTrustStore.AddRange(TlsFiles.LoadCertificates(authorities));
        return policy;
    }

    private static string? ProblemOf(string host, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        if (shown is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "it shows no certificate";
        }

        var status = (chain?.ChainStatus ?? []).Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        var its = $"its certificate '{shown.Subject}'";
        return status switch
        {
            _ when (status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0 =>
                $"{its} is signed by an authority that is not trusted here: '{shown.Issuer}'; set RAPID_TLS_CA to the authority's PEM file",
            _ when status.HasFlag(X509ChainStatusFlags.NotTimeValid) =>
                $"{its} is valid from {shown.GetEffectiveDateString()} to {shown.GetExpirationDateString()} only",
            _ when errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) =>
                $"{its} is not one of '{host}'; use a name that is in it, or a certificate that has this one",
            _ => $"{its} cannot be used here ({status})",
        };
    }
}
