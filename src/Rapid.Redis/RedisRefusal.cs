using System.Net.Sockets;
using System.Security.Authentication;
using StackExchange.Redis;

namespace Rapid.Redis;

/// <summary>Which errors of Redis pass by themselves, and what to tell about those that do not.</summary>
public static class RedisRefusal
{
    /// <summary>Whether Redis may do later what it could not do now: it is away, loading, full, failing over, or moving a slot.</summary>
    public static bool Passes(Exception? error) => error switch
    {
        RedisServerException refused => refused.Kind is RedisErrorKind.Loading or RedisErrorKind.OutOfMemory or RedisErrorKind.Misconfigured
            or RedisErrorKind.ReadOnly or RedisErrorKind.MasterDown or RedisErrorKind.ClusterDown or RedisErrorKind.TryAgain
            or RedisErrorKind.NoReplicas or RedisErrorKind.Busy or RedisErrorKind.MaxClients or RedisErrorKind.Moved or RedisErrorKind.Ask
            or RedisErrorKind.UnknownRedirectTarget or RedisErrorKind.ExecAbort or RedisErrorKind.ConnectionFault or RedisErrorKind.Timeout,
        RedisConnectionException broken => Handshake(broken) is null,
        TimeoutException => true,

        // The client was replaced while this operation held the old one.
        ObjectDisposedException => true,
        _ => false,
    };

    /// <summary>What is wrong with RAPID_REDIS and what to do.</summary>
    /// <param name="error">An error that does not pass.</param>
    /// <param name="configuration">What was connected with.</param>
    /// <param name="use">What it was wanted for.</param>
    public static string Explain(Exception error, ConfigurationOptions configuration, RedisUse use)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(use);
        var user = configuration.User is { Length: > 0 } name ? $"user '{name}'" : "the default user";
        var cause = error is RedisConnectionException broken ? Handshake(broken) ?? error : error;
        return cause switch
        {
            AuthenticationException => $"RAPID_REDIS: the TLS connection to {Servers(configuration)} is refused: {cause.Message} Let "
                + "RAPID_TLS_CA name the authority of Redis's certificate, and sslHost=... in RAPID_REDIS a name that is in it",
            RedisServerException { Kind: RedisErrorKind.WrongPass or RedisErrorKind.NoAuth } => Login(cause),
            RedisServerException { Kind: RedisErrorKind.NoPermission or RedisErrorKind.NotPermitted } => Rights(cause),
            RedisServerException when error is RedisConnectionException => Rights(cause),
            _ when error is RedisConnectionException => Login(cause),
            _ => $"RAPID_REDIS: {Servers(configuration)} refuses what {use.Service} needs: {cause.Message} (the rights of "
                + $"{user} should be: {use.LeastRights})",
        };

        string Login(Exception reason) => $"RAPID_REDIS: {Servers(configuration)} refuses the login of {user} ({reason.Message}); "
            + "give user=... and password=... of a user that it knows";

        string Rights(Exception reason) => $"RAPID_REDIS: {user} of {Servers(configuration)} may not do what {use.Service} needs "
            + $"({reason.Message}); allow it: ACL SETUSER ... {use.LeastRights}{use.More}";
    }

    /// <summary>Why a server that is there lets nobody in; null when it is away: one that goes down breaks handshakes too.</summary>
    private static Exception? Handshake(RedisConnectionException error)
    {
        // That there is no connection is told with the reason why the last one failed inside.
        while (error.InnerException is RedisConnectionException inner)
        {
            error = inner;
        }

        return (error.FailureType, error.GetBaseException()) switch
        {
            (ConnectionFailureType.AuthenticationFailure, var cause and not (IOException or SocketException)) => cause,
            (ConnectionFailureType.ProtocolFailure, RedisServerException cause) => cause,
            _ => null,
        };
    }

    private static string Servers(ConfigurationOptions configuration) =>
        string.Join(" and ", configuration.EndPoints.Select(EndPointCollection.ToString));
}
