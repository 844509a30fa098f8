using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Rapid.Hosting;

/// <summary>
/// The version of this program (<c>Version</c> in Directory.Build.props), and with which others it works: those of its minor version. Every
/// call of a program of Rapid's says its version; one of another minor version is refused before its body is read. Who says none is a
/// client of another make, and is served.
/// </summary>
public static class RapidVersion
{
    /// <summary>The metadata of a call that holds the caller's version.</summary>
    public const string Header = "rapid-version";

    private const int LongestText = 40;

    /// <summary>Of this program.</summary>
    public static Version Own { get; } = Version.Parse(typeof(RapidVersion).Assembly.GetName().Version!.ToString(3));

    /// <summary>Why what another version of Rapid says or has written is of no use here; null when it is of use.</summary>
    /// <param name="version">What it says that it is.</param>
    /// <param name="what">Who says so, to begin a sentence with.</param>
    public static string? ProblemOf(string version, string what)
    {
        ArgumentNullException.ThrowIfNull(version);
        if (!Version.TryParse(version, out var other))
        {
            return $"{what} says '{version[..Math.Min(version.Length, LongestText)]}', which is no version of Rapid; this is Rapid {Own}";
        }

        return (other.Major, other.Minor) == (Own.Major, Own.Minor)
            ? null
            : $"{what} is of Rapid {other} and this is Rapid {Own}: versions work together when their first two numbers are the same";
    }

    /// <summary>Comes before the gRPC services.</summary>
    internal static void UseVersionCheck(this WebApplication app) => app.Use((context, next) =>
        context.Request.Headers[Header].FirstOrDefault() is { Length: > 0 } version && ProblemOf(version, "the caller") is { } problem
            ? GrpcRefusal.WriteAsync(context, StatusCodes.Status412PreconditionFailed, StatusCode.FailedPrecondition, problem)
            : next(context));
}
