using System.Diagnostics;
using System.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Tests.Interop;

namespace Grpc.Tests;

/// <summary>Stock implementations of other languages, in processes of their own, on both sides of the official cases.</summary>
public class InteropTests
{
    private const int Cases = 14;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    // The packages are installed into the sources, once, so that a clean build need not fetch them again.
    private static readonly string Peers = typeof(InteropTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(data => data.Key == "InteropPeers").Value!;

    [Theory]
    [InlineData("node")]
    [InlineData("python")]
    public async Task A_stock_client_passes_every_case_against_our_server(string language)
    {
        await using var server = await TestServer.StartAsync();
        using var client = await StartAsync(language, "client", $"{server.Port}");
        try
        {
            var errors = client.StandardError.ReadToEndAsync();
            var passed = await client.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
            await client.WaitForExitAsync().WaitAsync(Patience);
            Assert.True(client.ExitCode == 0, $"passed: {passed}; then: {await errors}");
            Assert.Equal(Cases, passed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        }
        finally
        {
            client.Kill();
        }
    }

    [Theory]
    [InlineData("node")]
    [InlineData("python")]
    public async Task Our_client_passes_every_case_against_a_stock_server(string language)
    {
        using var server = await StartAsync(language, "server");
        try
        {
            var port = await server.StandardOutput.ReadLineAsync().WaitAsync(Patience);
            Assert.True(int.TryParse(port, out _), port);
            using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
            await InteropCases.RunAllAsync(channel);
        }
        finally
        {
            server.Kill();
        }
    }

    [Fact]
    public async Task A_server_killed_in_the_middle_of_a_stream_is_unavailable()
    {
        using var server = await StartAsync("python", "server");
        try
        {
            var port = await server.StandardOutput.ReadLineAsync().WaitAsync(Patience);
            using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
            using var call = new TestService.TestServiceClient(channel).FullDuplexCall();
            await call.RequestStream.WriteAsync(
                new StreamingOutputCallRequest { ResponseParameters = { new ResponseParameters { Size = 1 } } });
            Assert.True(await call.ResponseStream.MoveNext().WaitAsync(Patience));
            server.Kill();
            var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().WaitAsync(Patience));
            Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        }
        finally
        {
            server.Kill();
        }
    }

    private static async Task<Process> StartAsync(string language, string role, params string[] arguments)
    {
        if (language == "node" && !Directory.Exists(Path.Combine(Peers, "node", "node_modules")))
        {
            using var install = Start("npm", ["ci", "--no-audit", "--no-fund", "--prefix", Path.Combine(Peers, "node")]);
            var output = install.StandardOutput.ReadToEndAsync();
            var errors = await install.StandardError.ReadToEndAsync();
            await install.WaitForExitAsync();
            Assert.True(install.ExitCode == 0, await output + errors);
        }

        return language == "node"
            ? Start("node", [Path.Combine(Peers, "node", $"{role}.js"), .. arguments])
            : Start("/usr/bin/python3", [Path.Combine(Peers, "python", "peer.py"), role, .. arguments]);
    }

    private static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
