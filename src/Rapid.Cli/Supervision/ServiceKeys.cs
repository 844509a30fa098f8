using System.Security.Cryptography;
using Rapid.Hosting;

namespace Rapid.Cli.Supervision;

/// <summary>Tokens of the roles and Redis' password, made once, each in a file that only its user may read.</summary>
internal static class ServiceKeys
{
    private const int Bytes = 24;

    /// <summary>Databases that Redis has; each replay service takes one.</summary>
    public const int Databases = 64;

    // Who must know which token: whom a service serves, and what it is itself.
    private static readonly Dictionary<string, string[]> Holders = new()
    {
        ["replay"] = [Roles.Actor, Roles.Learner, Roles.Operator, Roles.Viewer],
        ["learner"] = [Roles.Actor, Roles.Evaluator, Roles.Learner, Roles.Operator, Roles.Viewer],
        ["actor"] = [Roles.Actor, Roles.Operator, Roles.Viewer],
        ["evaluator"] = [Roles.Evaluator, Roles.Operator, Roles.Viewer],
    };

    /// <summary>Where a role's token is.</summary>
    public static string TokenFile(StateFolder state, string role) => Path.Combine(state.Keys, $"token-{role}");

    /// <summary>Redis' password.</summary>
    public static string Password(StateFolder state) => File.ReadAllText(PasswordFile(state)).Trim();

    /// <summary>Redis' settings: they hold the password, which must not be among the arguments, which others can read.</summary>
    public static string RedisSettings(StateFolder state) => Path.Combine(state.Keys, "redis.conf");

    /// <summary>The file of a replay service's RAPID_REDIS.</summary>
    public static string RedisAddress(StateFolder state, int database) => Path.Combine(state.Keys, $"redis-{database}");

    /// <summary>The variables with which a service knows its tokens.</summary>
    public static IEnumerable<(string Name, string Value)> Variables(StateFolder state, string service) =>
        Holders[service].Select(role => ($"{Roles.Variable(role)}_FILE", TokenFile(state, role)));

    /// <summary>Makes what is not there yet.</summary>
    public static void Make(StateFolder state, int replays)
    {
        foreach (var path in Roles.All.Select(role => TokenFile(state, role)).Append(PasswordFile(state)))
        {
            if (!File.Exists(path))
            {
                StateFolder.WritePrivate(path, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes)));
            }
        }

        var password = Password(state);
        for (var i = 0; i < replays; i++)
        {
            StateFolder.WritePrivate(RedisAddress(state, i), $"!{state.SocketOf("redis")},password={password},defaultDatabase={i}");
        }

        // The title of a process would be written over its environment, by which the supervisor knows it. Snapshots of the whole data
        // would keep again what the log of appends keeps.
        StateFolder.WritePrivate(RedisSettings(state),
            $"""
            port 0
            unixsocket "{state.SocketOf("redis")}"
            unixsocketperm 700
            set-proc-title no
            databases {Databases}
            dir "{state.In("redis")}"
            appendonly yes
            appendfsync everysec
            save ""
            requirepass {password}

            """);
    }

    private static string PasswordFile(StateFolder state) => Path.Combine(state.Keys, "redis-password");
}
