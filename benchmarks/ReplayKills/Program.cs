using System.Globalization;
using Rapid.Benchmarks;

// SIGKILL of the replay service, redis-server and the learner at random moments of a SAC run with three actors; the argument is the number
// of kills.
const int Seed = 1;
var kills = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 20;

var directory = Directory.CreateTempSubdirectory("rapid-bench-");
Console.WriteLine($"seed {Seed}");
var problems = await new KillDrill(directory.FullName, kills, Seed, "always", Console.WriteLine).RunAsync();
if (problems.Count == 0)
{
    directory.Delete(recursive: true);
    Console.WriteLine($"{kills} kills: every acknowledged block is there once, the run has every update once");
    return 0;
}

problems.ToList().ForEach(Console.WriteLine);
Console.WriteLine($"{kills} kills: {problems.Count} problems; what they left is in {directory.FullName}");
return 1;
