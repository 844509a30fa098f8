using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>
/// What an actor is to the services: a connection to the learner, with a lease and a subscription, and one to its replay service, with a
/// stream of blocks of which each is acknowledged before the next is sent. It simulates nothing: its blocks are always the same, and come
/// as fast as one core steps HalfCheetah, or as fast as they are acknowledged where that is slower.
/// </summary>
internal sealed class SimulatedActor : IAsyncDisposable
{
    /// <summary>Environment steps of a block.</summary>
    public const int BlockSteps = Steps * Environments;

    private const int Steps = 256, Environments = 8, ObservationSize = 17, ActionSize = 6;

    // Measured by ActorStepping.
    private const double StepsPerSecond = 45_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(BlockSteps / StepsPerSecond);
    private static readonly Trajectory Content = MakeContent();

    private readonly GrpcChannel _learner;
    private readonly GrpcChannel? _replay;
    private readonly string _name;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _work = [];
    private readonly IDisposable[] _calls;
    private readonly AsyncDuplexStreamingCall<AppendRequest, AppendReply>? _appending;
    private readonly AsyncServerStreamingCall<PolicySnapshot> _following;
    private readonly AsyncServerStreamingCall<Assignment> _lease;
    private ulong _sequence;

    /// <param name="services">What it connects to.</param>
    /// <param name="number">Its number, which decides over its replay service.</param>
    /// <param name="isIdle">It appends nothing.</param>
    public SimulatedActor(ScaledServices services, int number, bool isIdle = false)
    {
        _name = $"actor {number}";
        _learner = ScaledServices.Connect(services.Learner);
        _lease = new Assignments.AssignmentsClient(_learner).Enlist(
            new EnlistRequest { Worker = _name, Role = WorkerRole.Actor, MaxSlots = 1 }, cancellationToken: _stop.Token);
        _following = new Protocol.V1.Policies.PoliciesClient(_learner).Subscribe(
            new SubscribeRequest { Experiment = services.Experiment }, cancellationToken: _stop.Token);
        if (!isIdle)
        {
            _replay = ScaledServices.Connect(services.Replays[number % services.Replays.Count]);
            _appending = new Protocol.V1.Replay.ReplayClient(_replay).Append(cancellationToken: _stop.Token);
        }

        _calls = [_lease, _following, .. _appending is null ? (IDisposable[])[] : [_appending]];
    }

    /// <summary>Bytes of a block on the wire.</summary>
    public static int BlockBytes => Content.CalculateSize();

    /// <summary>Bytes a second of an actor that waits for nothing.</summary>
    public static double BytesPerSecond => BlockBytes / Interval.TotalSeconds;

    /// <summary>Milliseconds that blocks took until they were acknowledged, in the time that counts.</summary>
    public List<double> Appends { get; } = [];

    /// <summary>Milliseconds from a publication until it was here, in the time that counts.</summary>
    public List<double> Publications { get; } = [];

    /// <summary>Whether there is something of each kind, or no more to come.</summary>
    public bool HasFigures =>
        _work.Exists(task => task.IsCompleted) || (Publications.Count > 0 && (_appending is null || Appends.Count > 0));

    /// <summary>Returns when every connection is used: a lease, the newest weights and an acknowledged block are there.</summary>
    public async Task ConnectAsync()
    {
        await _lease.ResponseStream.MoveNext(_stop.Token);
        await _following.ResponseStream.MoveNext(_stop.Token);
        await AppendAsync();
    }

    /// <summary>Works until it is disposed of.</summary>
    /// <param name="counts">Whether what happens now is measured.</param>
    public void Start(Func<bool> counts)
    {
        _work.Add(Task.Run(() => FollowAsync(counts)));
        if (_appending is not null)
        {
            _work.Add(Task.Run(() => ProduceAsync(counts)));
        }
    }

    /// <summary>Stops. What went wrong before is thrown.</summary>
    public async Task StopAsync()
    {
        if (_work.Find(task => task.IsFaulted) is { } failed)
        {
            await failed;
        }

        await _stop.CancelAsync();
        await Task.WhenAll(_work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Array.ForEach(_calls, call => call.Dispose());
        _learner.Dispose();
        _replay?.Dispose();
        _stop.Dispose();
    }

    private async Task FollowAsync(Func<bool> counts)
    {
        while (await _following.ResponseStream.MoveNext(_stop.Token))
        {
            if (counts())
            {
                Publications.Add(PublishingLearner.Age(_following.ResponseStream.Current).TotalMilliseconds);
            }
        }

        throw new InvalidOperationException($"the learner ended the subscription of {_name}");
    }

    private async Task ProduceAsync(Func<bool> counts)
    {
        // Not all at once.
        await Task.Delay(Interval * Random.Shared.NextDouble(), _stop.Token);
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            await AppendAsync();
            var took = Stopwatch.GetElapsedTime(began);
            if (counts())
            {
                Appends.Add(took.TotalMilliseconds);
            }

            if (took < Interval)
            {
                await Task.Delay(Interval - took, _stop.Token);
            }
        }
    }

    private async Task AppendAsync()
    {
        if (_appending is null)
        {
            return;
        }

        var block = new Trajectory
        {
            Experiment = "scale",
            Producer = _name,
            Sequence = ++_sequence,
            Steps = Steps,
            Environments = Environments,
        };
        block.Columns.AddRange(Content.Columns);
        await _appending.RequestStream.WriteAsync(new AppendRequest { Table = ScaledServices.Table, Trajectory = block }, _stop.Token);
        if (!await _appending.ResponseStream.MoveNext(_stop.Token))
        {
            throw new InvalidOperationException($"the replay service ended the stream of {_name}");
        }

        if (_appending.ResponseStream.Current is { Code: not 0 } refused)
        {
            throw new InvalidOperationException($"a block of {_name} was refused: {refused.Message}");
        }
    }

    /// <summary>A block of PPO on HalfCheetah.</summary>
    private static Trajectory MakeContent()
    {
        var content = new Trajectory();
        Add(TrajectoryColumns.Observations, Steps + 1, Environments, ObservationSize);
        Add(TrajectoryColumns.Actions, Steps, Environments, ActionSize);
        Add(TrajectoryColumns.Rewards, Steps, Environments);
        content.Add<byte>(TrajectoryColumns.Terminated, new byte[BlockSteps], Steps, Environments);
        content.Add<byte>(TrajectoryColumns.Truncated, new byte[BlockSteps], Steps, Environments);
        Add(TrajectoryColumns.LogProbabilities, Steps, Environments);
        Add(TrajectoryColumns.Values, Steps + 1, Environments);
        content.Add<float>(TrajectoryColumns.FinalObservations, [], 0, ObservationSize);
        return content;

        void Add(string name, params int[] shape) =>
            content.Add<float>(name, new float[shape.Aggregate(1, (product, size) => product * size)], shape);
    }
}
