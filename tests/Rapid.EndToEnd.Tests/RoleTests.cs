using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using ServiceOptions = Rapid.Hosting.ServiceOptions;

namespace Rapid.EndToEnd.Tests;

/// <summary>Which role may call what, over every method of the wire: a new one is refused here until somebody decides.</summary>
public sealed class RoleTests : IDisposable
{
    private const string Actor = Roles.Actor, Evaluator = Roles.Evaluator, Learner = Roles.Learner, Operator = Roles.Operator,
        Viewer = Roles.Viewer;

    private const string Shared = "shared";

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["rapid.v1.Experiments/Submit"] = [Operator],
        ["rapid.v1.Experiments/List"] = [Operator, Viewer],
        ["rapid.v1.Experiments/Watch"] = [Operator, Viewer],
        ["rapid.v1.Experiments/Cancel"] = [Operator],
        ["rapid.v1.Experiments/Resume"] = [Operator],
        ["rapid.v1.Assignments/ReportFailure"] = [Actor],
        ["rapid.v1.Assignments/TakeOver"] = [Actor],
        ["rapid.v1.Assignments/Enlist"] = [Actor, Evaluator],
        ["rapid.v1.Policies/Subscribe"] = [Actor, Evaluator],
        ["rapid.v1.Evaluations/Report"] = [Evaluator],
        ["rapid.v1.EvaluationFrames/Watch"] = [Operator, Viewer],
        ["rapid.v1.Replay/CreateTable"] = [Learner, Operator],
        ["rapid.v1.Replay/DropTable"] = [Learner, Operator],
        ["rapid.v1.Replay/Append"] = [Actor, Learner, Operator],
        ["rapid.v1.Replay/Sample"] = [Learner],
        ["rapid.v1.Replay/Identify"] = [Learner, Operator, Viewer],
        ["rapid.v1.Replay/Stats"] = [Learner, Operator, Viewer],
        ["rapid.v1.Replay/Export"] = [Learner, Operator],
        ["rapid.v1.Replay/SaveTable"] = [Operator],
        ["rapid.v1.Replay/RestoreTable"] = [Operator],
    };

    // Not TestFolder: the path of a socket must be short.
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Every_method_serves_the_roles_that_it_is_for_and_no_other()
    {
        var tokens = Roles.All.Append(Shared).Select(role => (VariableOf(role), $"token-of-{role}")).ToArray();
        await using var learner = await StartAsync("learner", tokens);
        await using var replay = await StartAsync("replay", tokens);
        await using var evaluator = await StartAsync("evaluator", tokens);
        var methods = Methods().ToList();
        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), methods.Select(NameOf).Order(StringComparer.Ordinal));

        foreach (var role in Roles.All.Append(Shared).Append("stranger"))
        {
            foreach (var service in methods.GroupBy(ServerOf))
            {
                var options = new ServiceOptions { Listen = [], Token = $"token-of-{role}" };
                using var channel = Channels.Open(Socket(service.Key), options);
                foreach (var method in service)
                {
                    var status = await StatusOfAsync(channel, method);

                    var expected = role == "stranger" ? StatusCode.Unauthenticated
                        : role == Shared || Allowed[NameOf(method)].Contains(role) ? StatusCode.OK
                        : StatusCode.PermissionDenied;
                    // What is let in answers as it likes to an empty message.
                    var said = status is StatusCode.Unauthenticated or StatusCode.PermissionDenied ? status : StatusCode.OK;
                    Assert.Equal((role, NameOf(method), expected), (role, NameOf(method), said));
                    Assert.NotEqual(StatusCode.Unimplemented, status);
                }
            }
        }
    }

    [Theory]
    [InlineData(Roles.Actor, WorkerRole.Evaluator, "RAPID_TOKEN_EVALUATOR does")]
    [InlineData(Roles.Evaluator, WorkerRole.Actor, "RAPID_TOKEN_ACTOR does")]
    public async Task A_worker_enlists_as_what_its_token_says(string role, WorkerRole other, string hint)
    {
        await using var learner = await StartAsync("learner", (VariableOf(Actor), Actor), (VariableOf(Evaluator), Evaluator));
        using var channel = Channels.Open(Socket("learner"), new ServiceOptions { Listen = [], Token = role });
        var client = new Assignments.AssignmentsClient(channel);
        using var enlisted = client.Enlist(new EnlistRequest { Worker = "w", Role = other, MaxSlots = 1 });

        var refused = await Assert.ThrowsAsync<RpcException>(() => enlisted.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Contains(hint, refused.Status.Detail, StringComparison.Ordinal);
        var own = other == WorkerRole.Actor ? WorkerRole.Evaluator : WorkerRole.Actor;
        using var welcome = client.Enlist(new EnlistRequest { Worker = "w", Role = own, MaxSlots = 1 });
        Assert.True(await welcome.ResponseStream.MoveNext(CancellationToken.None));
    }

    [Fact]
    public async Task A_command_is_what_its_tokens_say_and_is_told_when_that_is_not_enough()
    {
        await using var learner = await StartAsync("learner", (VariableOf(Operator), "operators"), (VariableOf(Viewer), "viewers"));

        var list = await RunAsync(["list"], (VariableOf(Viewer), "viewers"));
        var cancel = await RunAsync(["cancel", "x"], (VariableOf(Viewer), "viewers"));
        var allowed = await RunAsync(["cancel", "x"], (VariableOf(Viewer), "viewers"), (VariableOf(Operator), "operators"));

        Assert.Equal(0, list.ExitCode);
        Assert.NotEqual(0, cancel.ExitCode);
        Assert.Contains("the viewer's token does not allow this call; RAPID_TOKEN_OPERATOR does", cancel.Output, StringComparison.Ordinal);
        Assert.Contains("there is no experiment 'x'", allowed.Output, StringComparison.Ordinal);
    }

    private static string VariableOf(string role) => role == Shared ? "RAPID_TOKEN" : Roles.Variable(role);

    private ServiceAddress Socket(string service) => ServiceAddress.Unix(Path.Combine(_folder.FullName, service));

    private Dictionary<string, string> Variables(string service, (string Name, string Value)[] tokens) => new(
        tokens.Select(token => KeyValuePair.Create(token.Name, token.Value)))
    {
        ["RAPID_LISTEN"] = $"{Socket(service)}",
        ["RAPID_LEARNER"] = $"{Socket("learner")}",
        ["RAPID_REPLAY"] = $"{Socket("replay")}",
    };

    private async Task<RapidProcess> StartAsync(string service, params (string Name, string Value)[] tokens)
    {
        var process = RapidProcess.Start(_folder.FullName, [service], Variables(service, tokens));
        await Eventually.TrueAsync(() => process.HasExited || process.Output.Contains("listening on"), () => process.Output);
        return process;
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string[] arguments, params (string Name, string Value)[] tokens)
    {
        await using var process = RapidProcess.Start(_folder.FullName, arguments, Variables("nowhere", tokens));
        return (await process.WaitAsync(), process.Output);
    }

    private static IEnumerable<MethodDescriptor> Methods() => typeof(Experiment).Assembly.GetTypes()
        .Select(type => type.GetProperty("Descriptor", typeof(FileDescriptor))?.GetValue(null))
        .OfType<FileDescriptor>()
        .SelectMany(file => file.Services)
        .SelectMany(service => service.Methods);

    private static string NameOf(MethodDescriptor method) => $"{method.Service.FullName}/{method.Name}";

    private static string ServerOf(MethodDescriptor method) => method.Service.Name switch
    {
        "Replay" => "replay",
        "EvaluationFrames" => "evaluator",
        _ => "learner",
    };

    private static async Task<StatusCode> StatusOfAsync(GrpcChannel channel, MethodDescriptor method)
    {
        var raw = Marshallers.Create(static (byte[] bytes) => bytes, static bytes => bytes);
        var called = new Method<byte[], byte[]>(MethodType.DuplexStreaming, method.Service.FullName, method.Name, raw, raw);
        // A watcher whom nobody shows anything is let in, and waits.
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            called, null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(3)));
        try
        {
            await call.RequestStream.WriteAsync([]);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception refused) when (Resilience.IsBrokenCall(refused))
        {
            // The service has answered before it was asked; reading says what.
        }

        try
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
            }

            return StatusCode.OK;
        }
        catch (RpcException ended)
        {
            return ended.StatusCode;
        }
    }
}
