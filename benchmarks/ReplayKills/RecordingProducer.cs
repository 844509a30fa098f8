using Grpc.Core;
using Rapid.Core;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>
/// Appends blocks that follow from its name and their sequence, some of them ahead of their acknowledgements, and counts those.
/// </summary>
/// <param name="client">Of the replay service.</param>
/// <param name="table">Where it appends.</param>
/// <param name="name">Its name.</param>
/// <param name="pace">Time between two acknowledgements, at least; 20 ms when null.</param>
/// <param name="heard">Hears every acknowledgement.</param>
internal sealed class RecordingProducer(
    Replay.ReplayClient client, string table, string name, TimeSpan? pace = null, Action<AppendReply>? heard = null)
{
    /// <summary>Blocks sent and not acknowledged, at most.</summary>
    public const int Window = 4;

    private const int Steps = 8, Environments = 2, ObservationSize = 3;
    private static readonly TimeSpan UsualPace = TimeSpan.FromMilliseconds(20), Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Steps of a block.</summary>
    public const int BlockSteps = Steps * Environments;

    public string Name => name;

    /// <summary>The newest sequence that was acknowledged; every one before it was.</summary>
    public ulong Acknowledged { get; private set; }

    /// <summary>Acknowledgements that said that the block was there already: its first one was lost.</summary>
    public int Repeated { get; private set; }

    /// <summary>The only content that a block of this name and sequence may have.</summary>
    public static Trajectory Block(string name, ulong sequence)
    {
        var random = new RandomStream(RandomStream.Derive(sequence, [.. name.Select(letter => (ulong)letter)]));
        var (observations, rewards) = (new float[(Steps + 1) * Environments * ObservationSize], new float[Steps * Environments]);
        foreach (ref var value in observations.AsSpan())
        {
            value = (float)random.NextNormal();
        }

        foreach (ref var value in rewards.AsSpan())
        {
            value = (float)random.NextNormal();
        }

        var block = new Trajectory
        {
            Experiment = "kills",
            Producer = name,
            Sequence = sequence,
            Steps = Steps,
            Environments = Environments,
        };
        block.Add<float>(TrajectoryColumns.Observations, observations, Steps + 1, Environments, ObservationSize);
        block.Add<float>(TrajectoryColumns.Rewards, rewards, Steps, Environments);
        block.Add<byte>(TrajectoryColumns.Terminated, new byte[Steps * Environments], Steps, Environments);
        block.Add<byte>(TrajectoryColumns.Truncated, new byte[Steps * Environments], Steps, Environments);
        return block;
    }

    /// <summary>Goes on until it is told to end, connecting again and again.</summary>
    /// <exception cref="InvalidDataException">The service answered what it must not.</exception>
    public async Task RunAsync(CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            try
            {
                using var call = client.Append(cancellationToken: ended);
                await AppendAsync(call, ended);
            }
            catch (Exception error) when (error is RpcException or InvalidOperationException or IOException or OperationCanceledException)
            {
                // The service or the call is gone.
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    private async Task AppendAsync(AsyncDuplexStreamingCall<AppendRequest, AppendReply> call, CancellationToken ended)
    {
        for (var sent = Acknowledged; ;)
        {
            while (sent < Acknowledged + Window)
            {
                await call.RequestStream.WriteAsync(new AppendRequest { Table = table, Trajectory = Block(name, ++sent) }, ended);
            }

            if (!await call.ResponseStream.MoveNext(ended))
            {
                return;
            }

            var reply = call.ResponseStream.Current;
            if (reply.Code != 0 || reply.Sequence != Acknowledged + 1)
            {
                throw new InvalidDataException($"{name}: block {Acknowledged + 1} was answered with {reply}");
            }

            Acknowledged++;
            Repeated += reply.Duplicate ? 1 : 0;
            heard?.Invoke(reply);
            await Task.Delay(pace ?? UsualPace, ended);
        }
    }
}
