using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Rapid.Hosting;

/// <summary>
/// The service's certificate, read again when its files hold another one, and what is said of it before it expires. Files are compared, not
/// watched: orchestrators swap links.
/// </summary>
internal sealed class TlsIdentity(string certificate, string key, ILogger<TlsIdentity> logger) : BackgroundService
{
    private static readonly TimeSpan Notice = TimeSpan.FromDays(14);

    private readonly Lock _gate = new();
    private readonly Meter _meter = new("Rapid.Hosting");
    private string? _files;
    private SslStreamCertificateContext? _current;

    /// <summary>The certificate, with the intermediates that clients who know only the root need, for the next handshake.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_gate)
            {
                Refresh();
                return _current!;
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _meter.CreateObservableGauge(
            "rapid.tls.certificate.remaining", () => (EndOf(Current.TargetCertificate) - DateTime.UtcNow).TotalSeconds, "s",
            "Time until the service's certificate expires; below 0 afterwards");
        using var days = new PeriodicTimer(TimeSpan.FromDays(1));
        do
        {
            WarnOfExpiry(Current.TargetCertificate);
        }
        while (await days.WaitForNextTickAsync(stoppingToken));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    private void Refresh()
    {
        try
        {
            var files = File.ReadAllText(certificate) + File.ReadAllText(key);
            if (files == _files)
            {
                return;
            }

            var isFirst = _files is null;
            _files = files;
            var identity = TlsFiles.LoadIdentity(certificate, key);
            _current = SslStreamCertificateContext.Create(identity, TlsFiles.LoadCertificates(certificate), offline: true);
            if (!isFirst)
            {
                logger.LogInformation(
                    "RAPID_TLS_CERTIFICATE: '{Subject}', valid until {End:u}, from now on", identity.Subject, EndOf(identity));
                WarnOfExpiry(identity);
            }
        }
        catch (Exception error) when (
            _current is not null && error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // Files are replaced one after the other; the next handshake may find both.
            logger.LogWarning(
                "RAPID_TLS_CERTIFICATE, RAPID_TLS_KEY: '{Certificate}' and '{Key}' cannot be used ({Message}); the earlier ones stay",
                certificate, key, error.Message);
        }
    }

    private void WarnOfExpiry(X509Certificate2 identity)
    {
        var end = EndOf(identity);
        if (end <= DateTime.UtcNow)
        {
            logger.LogError(
                "RAPID_TLS_CERTIFICATE: '{Subject}' expired at {End:u}, clients refuse it; put a new one into '{File}', without a restart",
                identity.Subject, end, certificate);
        }
        else if (end - Notice <= DateTime.UtcNow)
        {
            logger.LogWarning(
                "RAPID_TLS_CERTIFICATE: '{Subject}' expires at {End:u}; put a new one into '{File}', without a restart",
                identity.Subject, end, certificate);
        }
    }

    private static DateTime EndOf(X509Certificate2 identity) => identity.NotAfter.ToUniversalTime();
}
