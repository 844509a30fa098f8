using System.Diagnostics;
using Grpc.Health.V1;

namespace Rapid.Hosting.Tests;

/// <summary>What a container's health check runs: the service's own program with one argument.</summary>
public class HealthProbeTests
{
    [Fact]
    public async Task The_program_asks_the_running_service_wherever_it_listens()
    {
        using var folder = new TestFolder();
        var (every, other) = (FreePorts.One(), FreePorts.One());
        (string, string)[][] places =
        [
            [("RAPID_LISTEN", $"unix:{folder.At("s")}")],
            [("RAPID_LISTEN", $"http://0.0.0.0:{every}"), ("RAPID_TOKEN", "secret")],
            [("RAPID_LISTEN", $"http://127.0.0.1:0,http://127.0.0.1:{other}")],
        ];
        foreach (var place in places)
        {
            await AssertFollowsTheServiceAsync(folder, place);
        }
    }

    [Fact]
    public async Task A_service_with_tls_is_known_by_its_certificate_not_by_its_name()
    {
        using var folder = new TestFolder();
        var (tls, others) = (new Certificates(folder), new Certificates(folder, "b"));
        // The certificate is for 127.0.0.1, which this name is not.
        var listen = $"https://localhost:{FreePorts.One()}";
        await using var service = Start(folder, listen, tls);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await AskAsync(folder, Variables(listen, tls)) is not (0, "Serving", ""))
        {
            await Task.Delay(100, patience.Token);
        }

        var (exitCode, _, errors) = await AskAsync(folder, Variables(listen, others));
        Assert.Equal(1, exitCode);
        Assert.StartsWith($"nothing answers at {listen}", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_asked_is_refused_with_exit_code_2_and_one_line()
    {
        using var folder = new TestFolder();
        var (exitCode, _, errors) = await AskAsync(folder, [("RAPID_LISTEN", "http://127.0.0.1:5103-5199")]);
        Assert.Equal(2, exitCode);
        Assert.StartsWith("RAPID_LISTEN: http://127.0.0.1:5103-5199 does not say which port", errors, StringComparison.Ordinal);

        (exitCode, _, errors) = await AskAsync(folder, [], "helth");
        Assert.Equal(2, exitCode);
        Assert.StartsWith("'helth' is not allowed; allowed: health", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_waits_for_another_is_alive()
    {
        await using var service = await RunningService.StartAsync(RunningService.Options());
        var health = new Grpc.Health.V1.Health.HealthClient(service.Channel);

        var answer = await health.CheckAsync(new HealthCheckRequest { Service = RapidHost.LivenessService });

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
    }

    private static async Task AssertFollowsTheServiceAsync(TestFolder folder, (string, string)[] place)
    {
        Assert.Equal(1, (await AskAsync(folder, place)).ExitCode);
        await using var service = new ServiceProcess(folder.Path, place);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await AskAsync(folder, place) is not (0, "Serving", ""))
        {
            await Task.Delay(100, patience.Token);
        }

        await service.SignalAsync("TERM");
        await service.EndAsync();
        Assert.Equal(1, (await AskAsync(folder, place)).ExitCode);
    }

    private static ServiceProcess Start(TestFolder folder, string listen, Certificates tls) => new(folder.Path, Variables(listen, tls));

    private static (string, string)[] Variables(string listen, Certificates tls) =>
        [("RAPID_LISTEN", listen), ("RAPID_TLS_CERTIFICATE", tls.Chain), ("RAPID_TLS_KEY", tls.Key)];

    private static async Task<(int ExitCode, string Output, string Errors)> AskAsync(
        TestFolder folder, (string Name, string Value)[] environment, string argument = "health")
    {
        var start = new ProcessStartInfo("dotnet", [typeof(EchoService).Assembly.Location, argument])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, (await output).Trim(), (await errors).Trim());
    }
}
