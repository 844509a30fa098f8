using System.Globalization;
using Rapid.Benchmarks;

// Breaks a distributed training in every way for some minutes, and checks what was promised. Arguments: minutes, seed, another version's
// program.
var minutes = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
var seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
var other = args.Length > 2 ? args[2] : null;
var schedule = Schedule.Draw(seed, TimeSpan.FromMinutes(minutes));
Console.WriteLine($"seed {seed}, {minutes} minutes, {schedule.Count} faults:");
foreach (var fault in schedule)
{
    Console.WriteLine($"  {fault}");
}

var directory = Directory.CreateTempSubdirectory("rapid-chaos-");
var report = await new ChaosDrill(directory.FullName, schedule, number => RunPlan.Of(seed, number), Console.WriteLine, other).RunAsync();
Console.WriteLine();
foreach (var outcome in report.Outcomes)
{
    var recovery = outcome switch
    {
        { Note: { } note } => $"left out: {note}",
        { Seconds: null } => "no run to go on with",
        { Seconds: { } seconds } => string.Create(
            CultureInfo.InvariantCulture, $"training {seconds:F1} s later{(outcome.IsClean ? "" : ", with the next fault in between")}"),
    };
    Console.WriteLine($"{outcome.Fault}: {recovery}");
}

Console.WriteLine();
report.Table().Concat(report.Lines).ToList().ForEach(Console.WriteLine);
Console.WriteLine();
var problems = report.Problems.ToList();
if (report.IsLearnerBackInTime() == false)
{
    problems.Add(report.LearnerSummary());
}

problems.ForEach(Console.WriteLine);
if (problems.Count > 0)
{
    Console.WriteLine($"{report.Outcomes.Count} faults: {problems.Count} problems; what they left is in {directory.FullName}");
    return 1;
}

directory.Delete(recursive: true);
Console.WriteLine($"{report.Outcomes.Count} faults, every promise kept; {report.LearnerSummary()}");
return 0;
