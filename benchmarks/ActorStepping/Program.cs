using Rapid.Benchmarks;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

try
{
    var ratio = await ActorSteppingBenchmark.RunAsync(Console.Out, stop.Token);
    return ratio >= ActorSteppingBenchmark.Target ? 0 : 1;
}
catch (OperationCanceledException)
{
    return 130;
}
