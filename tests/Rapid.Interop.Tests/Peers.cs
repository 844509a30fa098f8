using System.Reflection;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Health.V1;
using Rapid.Protocol.V1;

namespace Rapid.Interop.Tests;

/// <summary>Programs in other languages that speak to Rapid with the stock gRPC of their language: tests/interop.</summary>
internal static class Peers
{
    // The packages are installed into the sources, once, so that a clean build need not fetch them again.
    private static readonly string Sources = typeof(Peers).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(data => data.Key == "InteropPeers").Value!;

    private static readonly Lazy<Task> Node = new(InstallAsync);

    /// <summary>Every language, for theories.</summary>
    public static TheoryData<string> Languages => new() { "node", "python" };

    /// <summary>Runs the cases of a topic, as a client, to their end.</summary>
    /// <param name="language">"node" or "python".</param>
    /// <param name="topic">A file beside the language's client.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="config">What the cases need to know: becomes JSON.</param>
    /// <param name="story">What the services said, for the message of a failure.</param>
    public static async Task RunCasesAsync(string language, string topic, string folder, object config, Func<string> story)
    {
        await using var client = await StartAsync(language, "client", folder, [topic, JsonSerializer.Serialize(config)]);
        var exitCode = await client.WaitAsync();
        Assert.True(exitCode == 0, client.Output + story());
        await Eventually.TrueAsync(
            () => client.Output.TrimEnd().EndsWith("passed every case", StringComparison.Ordinal), () => client.Output);
    }

    /// <summary>Starts a peer.</summary>
    /// <param name="language">"node" or "python".</param>
    /// <param name="role">"client" or "server".</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="arguments">Its arguments.</param>
    public static async Task<RapidProcess> StartAsync(string language, string role, string folder, string[] arguments)
    {
        if (language == "node")
        {
            await Node.Value;
            return RapidProcess.StartProgram("node", folder, [Path.Combine(Sources, language, $"{role}.js"), .. arguments]);
        }

        var descriptors = new Dictionary<string, string> { ["INTEROP_DESCRIPTORS"] = WriteDescriptors(folder) };
        return RapidProcess.StartProgram(
            "/usr/bin/python3", folder, ["-u", Path.Combine(Sources, language, $"{role}.py"), .. arguments], descriptors);
    }

    /// <summary>Debian's gRPC for Python brings no compiler for .proto files: it gets what one would make of them.</summary>
    private static string WriteDescriptors(string folder)
    {
        var set = new FileDescriptorSet();
        FileDescriptor[] files =
        [
            ReplayReflection.Descriptor, ExperimentReflection.Descriptor, PolicyReflection.Descriptor, EvaluationReflection.Descriptor,
            HealthReflection.Descriptor, Grpc.Reflection.V1Alpha.ReflectionReflection.Descriptor,
        ];
        set.File.AddRange(files.SelectMany(WithDependencies).Distinct().Select(file => file.ToProto()));
        var path = Path.Combine(folder, "descriptors.bin");
        File.WriteAllBytes(path, set.ToByteArray());
        return path;
    }

    private static IEnumerable<FileDescriptor> WithDependencies(FileDescriptor file) =>
        file.Dependencies.SelectMany(WithDependencies).Append(file);

    private static async Task InstallAsync()
    {
        var folder = Path.Combine(Sources, "node");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "grpc-js-reflection-client")))
        {
            await using var install = RapidProcess.StartProgram("npm", folder, ["ci", "--no-audit", "--no-fund"]);
            Assert.True(await install.WaitAsync() == 0, install.Output);
        }
    }
}
