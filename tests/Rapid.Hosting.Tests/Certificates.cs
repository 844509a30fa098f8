using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Rapid.Hosting.Tests;

/// <summary>A root, an intermediate and a server certificate for 127.0.0.1, as PEM files, made here.</summary>
internal sealed class Certificates
{
    /// <param name="folder">Where the files are.</param>
    /// <param name="name">Part of the names of files and subjects.</param>
    /// <param name="days">Days that the server's certificate is still valid.</param>
    public Certificates(TestFolder folder, string name = "a", int days = 50)
    {
        var (start, end) = (DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(200));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Authority($"CN=root {name}", rootKey).CreateSelfSigned(start, end);
        using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var middleOnly = Authority($"CN=intermediate {name}", middleKey).Create(root, start, end, [1, 2, 3]);
        using var middle = middleOnly.CopyWithPrivateKey(middleKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=server {name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var server = request.Create(middle, start, DateTimeOffset.UtcNow.AddDays(days), [4, 5, 6]);
        Root = folder.Write($"{name}-root.pem", root.ExportCertificatePem());
        Chain = folder.Write($"{name}-chain.pem", server.ExportCertificatePem() + "\n" + middleOnly.ExportCertificatePem());
        Key = folder.Write($"{name}-key.pem", key.ExportPkcs8PrivateKeyPem());
    }

    public string Root { get; }

    /// <summary>The server's certificate, then the intermediate that signed it.</summary>
    public string Chain { get; }

    public string Key { get; }

    private static CertificateRequest Authority(string subject, ECDsa key)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request;
    }
}
