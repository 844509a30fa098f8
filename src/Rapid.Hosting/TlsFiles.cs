using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Rapid.Hosting;

/// <summary>Reads the PEM files that the options name.</summary>
internal static class TlsFiles
{
    /// <summary>The server's certificate with its key; the caller disposes it.</summary>
    /// <exception cref="CryptographicException">A file holds something else, or the key is another certificate's.</exception>
    public static X509Certificate2 LoadIdentity(string certificate, string? key)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificate, key);
        }
        catch (ArgumentException error)
        {
            throw new CryptographicException("the key is not the certificate's", error);
        }
    }

    /// <summary>Every certificate of a file, in its order.</summary>
    /// <exception cref="CryptographicException">There is none.</exception>
    public static X509Certificate2Collection LoadCertificates(string path)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(path);
        return certificates.Count > 0 ? certificates : throw new CryptographicException("no certificate in it");
    }
}
