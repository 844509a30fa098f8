using System.Security.Cryptography;

namespace Rapid.Environments.Registry;

/// <summary>The files of a user's own that an environment is made of.</summary>
public static class EnvironmentFiles
{
    /// <summary>
    /// Tells apart what two machines make of the same name and options: the SHA-256 of all that these files hold, in small hexadecimal
    /// digits, wherever they lie. Empty when the environment needs no file of a user's own.
    /// </summary>
    /// <param name="name">A name or a path.</param>
    /// <param name="options">Of its constructor, as text.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static string DigestOf(string name, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(options);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var count = 0;
        foreach (var file in Of(name, options).Where(File.Exists))
        {
            using var stream = File.OpenRead(file);
            hash.AppendData(SHA256.HashData(stream));
            count++;
        }

        return count > 0 ? Convert.ToHexStringLower(hash.GetHashAndReset()) : "";
    }

    private static IEnumerable<string> Of(string name, IReadOnlyDictionary<string, string> options)
    {
        if (EnvironmentRegistry.FilesOf(name) is { } files)
        {
            return files;
        }

        var takes = EnvironmentRegistry.Find(name)?.Options;
        return options
            .Where(option => takes?.GetValueOrDefault(option.Key) is { } kind && EnvironmentRegistry.IsPathOption(kind))
            .OrderBy(option => option.Key, StringComparer.Ordinal)
            .SelectMany(option => ModelFiles.InOrder(option.Value));
    }
}
