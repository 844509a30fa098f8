using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Actor;

/// <summary>Asks the learner what a slot of a run in lockstep is in the middle of.</summary>
internal static class SlotTakeover
{
    /// <summary>Asks until the learner answers.</summary>
    /// <param name="learner">The learner.</param>
    /// <param name="work">What the slot is part of.</param>
    /// <param name="slot">Which slot.</param>
    /// <param name="version">The newest policy version that this process has seen.</param>
    /// <param name="logger">Hears of a learner that is away.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The policy version that acts in the next block, and the games that it goes on with; none: it begins new episodes.</returns>
    /// <exception cref="RpcException">The learner refuses: the assignment is not the newest.</exception>
    public static async Task<(long Version, IReadOnlyList<GameRecord> Games)> AskAsync(
        Assignments.AssignmentsClient learner, Assignment work, uint slot, long version, ILogger logger, CancellationToken cancellation)
    {
        var request = new TakeOverRequest { Experiment = work.Experiment, Epoch = work.Epoch, Slot = slot, Version = version };
        return await Resilience.Forever("taking a slot over", logger).ExecuteAsync(
            async token => await AskOnceAsync(learner, request, token), cancellation);
    }

    private static async Task<(long Version, IReadOnlyList<GameRecord> Games)> AskOnceAsync(
        Assignments.AssignmentsClient learner, TakeOverRequest request, CancellationToken cancellation)
    {
        using var call = learner.TakeOver(request, cancellationToken: cancellation);
        TakeOverReply? first = null;
        List<GameRecord> games = [];
        List<ByteString> actions = [];
        await foreach (var reply in call.ResponseStream.ReadAllAsync(cancellation))
        {
            if (first is null)
            {
                first = reply;
            }
            else if (reply.Game is { Random.Count: > 0 } game)
            {
                Complete(games, actions);
                games.Add(game);
                actions.Add(game.Actions);
            }
            else if (reply.Game is { } more && games.Count > 0)
            {
                actions.Add(more.Actions);
            }
        }

        Complete(games, actions);
        return first is not null && games.Count == first.Environments
            ? (first.Version, games)
            : throw new RpcException(new Status(StatusCode.Unavailable, "the learner did not say all of the slot's games"));
    }

    /// <summary>Puts the parts of the newest game's actions together.</summary>
    private static void Complete(List<GameRecord> games, List<ByteString> actions)
    {
        if (actions.Count > 1)
        {
            games[^1].Actions = UnsafeByteOperations.UnsafeWrap(actions.SelectMany(part => part).ToArray());
        }

        actions.Clear();
    }
}
