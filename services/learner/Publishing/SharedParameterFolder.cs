using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Rapid.Policies;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Publishing;

/// <summary>
/// This learner's folder in shared memory: the newest few policies of each experiment that somebody on this machine follows.
/// </summary>
internal sealed class SharedParameterFolder : IDisposable
{
    private const string Owner = "owner";

    // The newest to act with and the newest to evaluate, and one more of each for who is about to open it.
    private const int Kept = 4;

    private readonly ILogger<SharedParameterFolder> _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Experiment> _experiments = [];
    private readonly string _name = Guid.NewGuid().ToString("N");
    private FileStream? _owner;
    private ulong _files;

    public SharedParameterFolder(ILogger<SharedParameterFolder> logger)
    {
        _logger = logger;
        if (SharedMemory.Exists)
        {
            RemoveFoldersOfTheDead();
        }
    }

    private string FolderPath => SharedMemory.FolderPath(_name)!;

    /// <summary>Whether a subscriber that offers this probe sees the same shared memory.</summary>
    public static bool Sees(string probe) => SharedMemory.ProbePath(probe) is { } path && File.Exists(path);

    /// <summary>Begins to share an experiment's policies; what is shared is removed when the last subscription is disposed.</summary>
    public Subscription Open(string experiment)
    {
        lock (_gate)
        {
            if (!_experiments.TryGetValue(experiment, out var shared))
            {
                _experiments.Add(experiment, shared = new Experiment());
            }

            shared.Subscriptions++;
            return new Subscription(this, experiment);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_owner is not null)
            {
                Directory.Delete(FolderPath, recursive: true);
                _owner.Dispose();
                _owner = null;
            }
        }
    }

    /// <summary>Called under the lock.</summary>
    private SharedParameters Write(ByteString parameters)
    {
        if (_owner is null && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(FolderPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            _owner = new FileStream(Path.Combine(FolderPath, Owner), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        }

        var shared = new SharedParameters { Folder = _name, File = ++_files, Length = (ulong)parameters.Length };
        using var file = File.OpenHandle(
            SharedMemory.FilePath(FolderPath, shared.File), FileMode.CreateNew, FileAccess.Write, preallocationSize: parameters.Length);
        RandomAccess.Write(file, parameters.Span, 0);
        return shared;
    }

    /// <summary>A learner that lives holds the lock on its owner file.</summary>
    private void RemoveFoldersOfTheDead()
    {
        foreach (var folder in SharedMemory.Folders())
        {
            try
            {
                using (new FileStream(Path.Combine(folder, Owner), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _logger.LogDebug("the shared memory in {Folder} is another learner's: {Message}", folder, error.Message);
            }
        }
    }

    /// <summary>One subscriber of one experiment.</summary>
    internal sealed class Subscription(SharedParameterFolder folder, string experiment) : IDisposable
    {
        /// <summary>The snapshot with its parameters in shared memory, or as it is when there is no room.</summary>
        public PolicySnapshot Share(PolicySnapshot snapshot)
        {
            lock (folder._gate)
            {
                var versions = folder._experiments[experiment].Versions;
                if (versions.Find(version => ReferenceEquals(version.Whole, snapshot)) is { Light: { } known })
                {
                    return known;
                }

                try
                {
                    var light = new PolicySnapshot(snapshot)
                    {
                        Parameters = ByteString.Empty,
                        SharedParameters = folder.Write(snapshot.Parameters),
                    };
                    versions.Add((snapshot, light));
                    if (versions.Count > Kept)
                    {
                        File.Delete(SharedMemory.FilePath(folder.FolderPath, versions[0].Light.SharedParameters.File));
                        versions.RemoveAt(0);
                    }

                    return light;
                }
                catch (IOException error)
                {
                    folder._logger.LogWarning("shared memory is not to be had, policies go through sockets: {Message}", error.Message);
                    return snapshot;
                }
            }
        }

        public void Dispose()
        {
            lock (folder._gate)
            {
                var shared = folder._experiments[experiment];
                if (--shared.Subscriptions > 0)
                {
                    return;
                }

                folder._experiments.Remove(experiment);
                if (folder._owner is not null)
                {
                    shared.Versions.ForEach(version =>
                        File.Delete(SharedMemory.FilePath(folder.FolderPath, version.Light.SharedParameters.File)));
                }
            }
        }
    }

    private sealed class Experiment
    {
        public int Subscriptions { get; set; }

        public List<(PolicySnapshot Whole, PolicySnapshot Light)> Versions { get; } = [];
    }
}
