using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Policies.Tests;

/// <summary>Parameters that come past the connection. These tests make the files that a learner would make.</summary>
public sealed class SharedMemoryTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly PolicyLayout Layout = Networks.Layout(3, 2, discrete: true);

    private readonly string _name = Guid.NewGuid().ToString("N");
    private readonly string _folder;
    private readonly LogLines _log = new();

    public SharedMemoryTests()
    {
        _folder = SharedMemory.FolderPath(_name)!;
        Directory.CreateDirectory(_folder);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Parameters_are_moved_into_the_message()
    {
        var snapshot = Write(version: 5, file: 3);

        SharedMemory.ReadIn(snapshot);

        Assert.Equal(Whole(5), snapshot);
    }

    [Fact]
    public void A_message_with_its_parameters_stays_as_it_is()
    {
        var snapshot = Whole(5);

        SharedMemory.ReadIn(snapshot);

        Assert.Equal(Whole(5), snapshot);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(-4)]
    public void A_file_of_another_length_is_refused(int excess)
    {
        var snapshot = Write(version: 5, file: 3);
        snapshot.SharedParameters.Length = (ulong)(Layout.Length * sizeof(float) + excess);

        var error = Assert.Throws<IOException>(() => SharedMemory.ReadIn(snapshot));

        Assert.Contains($"have {Layout.Length * 4} bytes, not {Layout.Length * 4 + excess}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../../etc/passwd")]
    [InlineData("0123456789abcdef0123456789abcdef/../x")]
    [InlineData("01234567-89ab-cdef-0123-456789abcdef")]
    public void Only_a_plain_name_leads_into_shared_memory(string name)
    {
        Assert.Null(SharedMemory.FolderPath(name));
        Assert.Null(SharedMemory.ProbePath(name));
        var snapshot = Whole(1);
        snapshot.SharedParameters = new SharedParameters { Folder = name, File = 1, Length = 1 };
        Assert.Throws<IOException>(() => SharedMemory.ReadIn(snapshot));
    }

    [Fact]
    public void A_probe_is_there_until_it_is_disposed()
    {
        string path;
        using (var probe = SharedMemoryProbe.Create())
        {
            path = SharedMemory.ProbePath(probe!.Name)!;
            Assert.True(File.Exists(path));
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task A_follower_offers_a_probe_and_takes_what_comes_through_shared_memory()
    {
        await using var server = await PolicyServer.StartAsync();
        await using var follower = Follow(server);
        await PolicyServer.Until(() => server.Requests.Count == 1);
        var probe = SharedMemory.ProbePath(server.Requests[0].SharedMemoryProbe)!;
        Assert.True(File.Exists(probe));

        server.Send(Write(version: 1, file: 1));
        server.Send(Write(version: 2, file: 2));

        Assert.Equal(Whole(2), await follower.WaitAsync(1, CancellationToken.None).WaitAsync(Patience));
        Assert.False(File.Exists(probe));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Parameters_that_are_not_there_are_asked_for_again_and_in_the_end_through_the_connection()
    {
        await using var server = await PolicyServer.StartAsync();
        await using var follower = Follow(server);
        for (var attempt = 1; server.Requests.Count == 0 || server.Requests[^1].SharedMemoryProbe.Length > 0; attempt++)
        {
            Assert.InRange(attempt, 1, 10);
            var missing = Write(version: 1, file: 1);
            missing.SharedParameters.File = 2;
            server.Send(missing);
            await PolicyServer.Until(() => server.Requests.Count == attempt + 1);
        }

        server.Send(Whole(1));

        Assert.Equal(Whole(1), await follower.WaitAsync(0, CancellationToken.None).WaitAsync(Patience));
        Assert.DoesNotContain(_log.All, line => line.Level == LogLevel.Error);
        var probes = server.Requests.Select(request => SharedMemory.ProbePath(request.SharedMemoryProbe));
        Assert.All(probes.OfType<string>(), probe => Assert.False(File.Exists(probe)));
    }

    [Fact]
    public async Task A_snapshot_whose_file_is_too_short_for_the_network_is_refused()
    {
        await using var server = await PolicyServer.StartAsync();
        await using var follower = Follow(server);
        var truncated = Write(version: 1, file: 1);
        await File.WriteAllBytesAsync(SharedMemory.FilePath(_folder, 1), new byte[8]);
        truncated.SharedParameters.Length = 8;
        server.Send(truncated);
        await PolicyServer.Until(() => _log.All.Any(line => line.Level == LogLevel.Error));

        server.Send(Write(version: 2, file: 2));

        Assert.Equal(2, (await follower.WaitAsync(0, CancellationToken.None).WaitAsync(Patience)).Version);
        Assert.Contains("8 bytes", _log.All.Single(line => line.Level == LogLevel.Error).Text, StringComparison.Ordinal);
    }

    private PolicyFollower Follow(PolicyServer server) => new(new(server.Channel), "run", evaluationsOnly: false, _log, Layout);

    /// <summary>A snapshot whose parameters lie in a file.</summary>
    private PolicySnapshot Write(long version, ulong file)
    {
        var snapshot = Whole(version);
        File.WriteAllBytes(SharedMemory.FilePath(_folder, file), snapshot.Parameters.ToByteArray());
        snapshot.SharedParameters = new SharedParameters { Folder = _name, File = file, Length = (ulong)snapshot.Parameters.Length };
        snapshot.Parameters = ByteString.Empty;
        return snapshot;
    }

    private static PolicySnapshot Whole(long version)
    {
        var parameters = new byte[Layout.Length * sizeof(float)];
        Array.Fill(parameters, (byte)version);
        return new PolicySnapshot
        {
            Experiment = "run",
            Version = version,
            Graph = Layout.Graph,
            Parameters = ByteString.CopyFrom(parameters),
        };
    }
}
