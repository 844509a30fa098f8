using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Rapid.Actor;
using Rapid.Evaluator;
using Rapid.Hosting;
using Rapid.Learner;
using Rapid.Replay;

namespace Rapid.Cli.Commands;

/// <summary><c>rapid actor|replay|learner|evaluator</c>: one service, configured as its own executable is.</summary>
internal static class ServiceCommand
{
    public static Command Actor() => Create(
        "actor", "Run an actor: steps environments for whatever is trained", ServiceKind.Actor, options => ActorHost.Build(options));

    public static Command Replay() => Create(
        "replay",
        "Run the replay service: tables of trajectories; with a subcommand, look at the tables of running ones",
        ServiceKind.Replay,
        options => ReplayHost.Build(options));

    public static Command Learner() => Create(
        "learner", "Run the learner: takes experiments, publishes weights", ServiceKind.Learner, options => LearnerHost.Build(options));

    public static Command Evaluator() => Create(
        "evaluator", "Run the evaluator: scores policies", ServiceKind.Evaluator, options => EvaluatorHost.Build(options));

    private static Command Create(string name, string description, ServiceKind kind, Func<ServiceOptions, WebApplication> build)
    {
        var command = new Command(name, description);

        // Without StopSignals: the host has its own, and stops gracefully for as long as it needs.
        command.SetAction((_, _) => RapidHost.RunAsync(kind, build));
        return command;
    }
}
