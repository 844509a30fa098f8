using Rapid.Hosting;

namespace Rapid.Actor.Tests;

/// <summary>A folder of unix sockets.</summary>
internal sealed class Sockets : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("rapid-test-");

    public ServiceAddress this[string name] => ServiceAddress.Unix(Path.Combine(_directory.FullName, name));

    public ServiceOptions Options(string listen) => new()
    {
        Listen = [this[listen]],
        Learner = this["learner"],
        Replay = [this["replay"]],
        ActorSlots = 4,
    };

    public void Dispose() => _directory.Delete(recursive: true);
}
