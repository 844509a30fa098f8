using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Hosting.Tests.Protos;

namespace Rapid.Hosting.Tests;

/// <summary>Who may call a service of another version.</summary>
public sealed class VersionTests
{
    private static Version Own => RapidVersion.Own;

    [Fact]
    public async Task Callers_of_the_same_minor_version_are_served_and_so_is_who_is_no_program_of_Rapid()
    {
        await using var service = await RunningService.StartAsync(RunningService.Options());
        Assert.Equal("own", (await service.Client.UnaryAsync(new Message { Text = "own" })).Text);
        Assert.Equal("older", (await service.Client.UnaryAsync(new Message { Text = "older" }, Claim($"{Own.Major}.{Own.Minor}.0"))).Text);
        Assert.Equal("newer", (await service.Client.UnaryAsync(new Message { Text = "newer" }, Claim($"{Own.Major}.{Own.Minor}.99"))).Text);

        using var foreign = GrpcChannel.ForAddress($"{service.Address}");
        Assert.Equal("foreign", (await new Echo.EchoClient(foreign).UnaryAsync(new Message { Text = "foreign" })).Text);
    }

    [Fact]
    public async Task Callers_of_another_minor_version_are_refused_with_both_versions_and_so_is_what_is_no_version()
    {
        await using var service = await RunningService.StartAsync(RunningService.Options());
        string[] others = [$"{Own.Major}.{Own.Minor + 1}.0", $"{Own.Major + 1}.{Own.Minor}.0", "yesterday's", new string('1', 500)];
        foreach (var other in others)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.UnaryAsync(new Message(), Claim(other)));
            AssertNamesBoth(refused);
            using var call = service.Client.Chat(Claim(other));
            AssertNamesBoth(await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None)));

            void AssertNamesBoth(RpcException error)
            {
                Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
                Assert.Contains(other[..Math.Min(other.Length, 40)], error.Status.Detail, StringComparison.Ordinal);
                Assert.Contains($"this is Rapid {Own}", error.Status.Detail, StringComparison.Ordinal);
            }
        }
    }

    private static CallOptions Claim(string version) =>
        new(new Metadata { { RapidVersion.Header, version } }, DateTime.UtcNow.AddSeconds(60));
}
