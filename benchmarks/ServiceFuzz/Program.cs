using System.Diagnostics;
using System.Globalization;
using Rapid.Benchmarks;

// Mutated messages and mutated HTTP/2 connections against each service: nothing may crash or hang it, and it keeps nothing invalid. The
// argument is the number of messages for each service; there are a hundredth as many connections.
const int Seed = 1, MessagesOfAConnection = 100;
var messages = args.Length > 0 ? long.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
string[] services = args.Length > 1 ? args[1..] : ["replay", "learner", "evaluator", "actor"];

var failures = 0;
foreach (var name in services)
{
    var clock = Stopwatch.StartNew();
    var tally = await MessageFuzz.RunAsync(name, messages, Seed);
    Report($"{name}: {messages} messages in {clock.Elapsed.TotalSeconds:F0} s: {tally}", tally.Problems);
    clock.Restart();
    var exchanges = (int)(messages / MessagesOfAConnection);
    var (problems, peak) = await ExchangeFuzz.RunAsync(name, exchanges, Seed);
    Report($"{name}: {exchanges} connections in {clock.Elapsed.TotalSeconds:F0} s, at most {peak >> 20} MiB", problems);
}

return failures == 0 ? 0 : 1;

void Report(FormattableString line, IReadOnlyCollection<string> problems)
{
    Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    foreach (var problem in problems)
    {
        Console.WriteLine($"  {problem[..Math.Min(problem.Length, 2000)]}");
    }

    failures += problems.Count;
}
