using Rapid.Benchmarks;

// ActorStepping [TASK[,TASK]... | ROUNDS]...
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

var (tasks, rounds) = (ActorSteppingBenchmark.AllTasks, ActorSteppingBenchmark.DefaultRounds);
foreach (var argument in args)
{
    if (int.TryParse(argument, out var number) && number > 0)
    {
        rounds = number;
    }
    else if (argument.Split(',') is var names && names.Except(ActorSteppingBenchmark.AllTasks).FirstOrDefault() is { } unknown)
    {
        var known = string.Join(", ", ActorSteppingBenchmark.AllTasks);
        Console.Error.WriteLine($"'{unknown}' is neither a number of rounds nor a task; tasks: {known}");
        return 2;
    }
    else
    {
        tasks = names;
    }
}

try
{
    return await new ActorSteppingBenchmark(tasks, rounds, Console.Out).RunAsync(stop.Token) ? 0 : 1;
}
catch (OperationCanceledException)
{
    return 130;
}
