using Grpc.Core;
using Rapid.Protocol.V1;
using Rapid.Replay.Stores;

namespace Rapid.Replay.Tests;

/// <summary>A Redis that will never do what the service needs ends it with a reason, or the call when it happens later.</summary>
public sealed class RedisRefusalTests : IDisposable
{
    private const string Secret = "xyz-secret";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-redis-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task An_option_that_does_not_exist_is_told_by_its_place_for_it_may_be_half_a_password() =>
        await FailAsync($"127.0.0.1:6379,password=half,{Secret}=1", "part 3 of the 3 between commas");

    [Fact]
    public async Task A_configuration_without_a_host_is_refused() => await FailAsync($"password={Secret}", "names no host");

    [Fact]
    public async Task A_wrong_password_of_a_named_user_is_refused_though_the_default_user_needs_none()
    {
        using var redis = new RedisServer(more: ["--user", .. $"rapid on >other {RedisRights.Least}".Split(' ')]);
        await FailAsync($"{redis.Configuration},user=rapid,password={Secret}", "user 'rapid'", "WRONGPASS", "password=...");
    }

    [Theory]
    [InlineData($",password={Secret}")]
    [InlineData("")]
    public async Task A_wrong_password_and_none_are_refused(string login)
    {
        using var redis = new RedisServer(more: ["--requirepass", "other"]);
        await FailAsync(redis.Configuration + login, "the default user", "refuses the login", "password=...");
    }

    [Theory]
    [InlineData("hget", "'hget'")]
    [InlineData("smembers", "'smembers'")]
    [InlineData("eval", "'eval'")]
    [InlineData("time", "'time'")]
    [InlineData("setrange", "'setrange'")]
    [InlineData("echo", "'echo'")]
    public async Task A_user_that_lacks_a_right_is_told_which(string lacking, string told)
    {
        using var redis =
            new RedisServer(more: ["--user", .. $"rapid on >{Secret} {RedisRights.Least} -{lacking}".Split(' ')]);
        await FailAsync($"{redis.Configuration},user=rapid,password={Secret}", "user 'rapid'", told, RedisRights.Least);
    }

    [Fact]
    public async Task A_user_that_may_not_touch_the_keys_is_told_so()
    {
        var rights = RedisRights.Least.Replace("~rapid:*", "~other:*", StringComparison.Ordinal);
        using var redis = new RedisServer(more: ["--user", .. $"rapid on >{Secret} {rights}".Split(' ')]);
        await FailAsync($"{redis.Configuration},user=rapid,password={Secret}", "user 'rapid'", "NOPERM", "~rapid:*");
    }

    [Theory]
    [InlineData("redis.test", false, "UntrustedRoot")]
    [InlineData("other.test", true, "RemoteCertificateNameMismatch")]
    public async Task A_certificate_that_is_not_trusted_is_refused(string host, bool isKnown, string reason)
    {
        using var authority = new RedisAuthority(_folder.FullName);
        var (certificate, key) = authority.Issue("redis.test");
        using var redis = new RedisServer(
            isSecure: true, more: ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", authority.File]);
        await FailAsync(
            $"{redis.Configuration},ssl=true,sslHost={host}",
            isKnown ? new() { ["RAPID_TLS_CA"] = authority.File } : [], "RAPID_TLS_CA", "sslHost", reason);
    }

    [Fact]
    public async Task Rights_that_are_taken_away_end_appends_with_the_reason_and_come_back()
    {
        using var redis = new RedisServer(more: ["--user", .. $"rapid on >{Secret} {RedisRights.Least}".Split(' ')]);
        await using var service = await ReplayProcess.StartAsync($"{redis.Configuration},user=rapid,password={Secret}");
        await service.Client.CreateTableAsync(new CreateTableRequest { Definition = Blocks.Table("a/t", StoreKind.Redis) });
        await redis.CommandAsync("ACL", "SETUSER", "rapid", "-hset");
        using var append = service.Client.Append();
        var refused = await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 1));
        Assert.Equal((int)StatusCode.FailedPrecondition, refused.Code);
        Assert.Contains("RAPID_REDIS: user 'rapid'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("'hset'", refused.Message, StringComparison.Ordinal);
        await redis.CommandAsync("ACL", "SETUSER", "rapid", "+hset");
        Assert.Equal(0, (await ReplayServiceTests.AppendAsync(append, "a/t", Blocks.Make("p", 1))).Code);
        var fsync = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.CreateTableAsync(
            new CreateTableRequest { Definition = Blocks.Table("a/f", StoreKind.Fsync) }));
        Assert.Equal(StatusCode.FailedPrecondition, fsync.StatusCode);
        Assert.Contains("+config|get", fsync.Status.Detail, StringComparison.Ordinal);
    }

    private static Task FailAsync(string redis, params string[] reasons) => FailAsync(redis, [], reasons);

    private static async Task FailAsync(string redis, Dictionary<string, string> environment, params string[] reasons)
    {
        var (code, said) = await ReplayProcess.FailAsync(redis, environment);
        Assert.Equal(2, code);
        Assert.All(reasons.Append("RAPID_REDIS: "), reason => Assert.Contains(reason, said, StringComparison.Ordinal));
        Assert.DoesNotContain(Secret, said, StringComparison.Ordinal);
    }
}
