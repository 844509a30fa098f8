using System.CommandLine;
using Rapid.Cli.Clients;
using Rapid.Cli.Terminal;
using Rapid.Cli.Views;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid watch ID</c>: shows a run of a running learner until it ends. Ctrl-C ends the watching, not the run.</summary>
internal static class WatchCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "Id of an experiment; 'rapid list' shows them" };
        var learner = ClientOptions.LearnerOption();
        var command = new Command("watch", "Follow an experiment until it ends") { id, learner };
        command.SetBody(async (result, signals) =>
        {
            using var remote = ClientOptions.Open(result.GetValue(learner));
            return await FollowAsync(remote, result.GetRequiredValue(id), signals.Stop);
        });
        return command;
    }

    /// <summary>Shows a run until it ends and says how.</summary>
    public static async Task<int> FollowAsync(Remote remote, string id, CancellationToken cancellation)
    {
        var last = await RunViews.FollowAsync(remote.WatchAsync(id, cancellation), id, cancellation);
        return RunEnding.Say(last, id);
    }
}
