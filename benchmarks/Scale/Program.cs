using System.Globalization;
using Microsoft.Extensions.Logging;
using Rapid.Benchmarks;
using Rapid.Hosting;
using Rapid.Replay;

// How far one learner and one to four replay services go: simulated actors with real connections over TCP and real blocks, more and more of
// them; then subscribers alone; then 64 actors for long. Arguments: most actors (1000), seconds of the last scene (600). The services run
// as processes of their own, but the actors are in this one, on the same cores: a row says what all of them together can do on this
// machine, not what the services could do alone.
const int MostActors = 4000, SteadyActors = 64, FilesOfActor = 2, OtherFiles = 300;

switch (args)
{
    case ["learner"]:
        return await PublishingLearner.RunAsync();
    case ["replay"]:
        return await RapidHost.RunAsync(ServiceKind.Replay, options => ReplayHost.Build(options, LogLevel.Critical));
}

var actors = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
var steady = TimeSpan.FromSeconds(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 600);
if (actors is < 1 or > MostActors || steady < TimeSpan.FromSeconds(1))
{
    Console.WriteLine(
        $"Scale:{string.Join(':', args)} is not allowed; allowed: Scale[:ACTORS[:SECONDS]], 1 to {MostActors} actors, >= 1 second");
    return 2;
}

// The runtime has raised its limit as far as it may.
var files = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal))
    .Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
if (long.TryParse(files, CultureInfo.InvariantCulture, out var most) && most < actors * FilesOfActor + OtherFiles)
{
    Console.WriteLine(
        $"{actors} actors need {actors * FilesOfActor + OtherFiles} open files and this process may have {most}: raise the limit "
            + "(ulimit -Hn, or LimitNOFILE of the service), or measure fewer: Scale:ACTORS");
    return 2;
}

var time = TimeSpan.FromSeconds(Math.Min(10, steady.TotalSeconds));
await Scenes.LadderAsync(actors, time);
var idle = await Scenes.IdleAsync(actors, time);
var (isFlat, story) = await Scenes.SteadyAsync(Math.Min(actors, SteadyActors), steady);
Console.WriteLine($"{idle}; {story}");
return isFlat ? 0 : 1;
