using System.Globalization;
using Rapid.Protocol.V1;

namespace Rapid.Benchmarks;

/// <summary>Bodies that inflate, and bodies that never end, of callers without the token and with it.</summary>
internal static class RefusedBodies
{
    private const string Method = "rapid.v1.Replay/Append";
    private const int Callers = 100, Inflated = 200 << 20, HalfSent = 16 << 20, ServiceBytes = 256 << 20;

    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(10);

    public static async Task<IEnumerable<Attack>> MeasureAsync()
    {
        await using var target = new Target();
        var replay = await target.StartAsync(
            "replay", ("RAPID_MAX_SERVICE_BYTES", ServiceBytes.ToString(CultureInfo.InvariantCulture)));
        await new Replay.ReplayClient(target.Open("replay")).StatsAsync(new StatsRequest());
        var path = target.Socket("replay").SocketPath!;
        var bomb = GzipBomb.Message(Inflated);
        return
        [
            await SendAsync(
                $"{Callers} bodies of {bomb.Length} bytes that inflate to {Inflated}, with a wrong token", path, replay, "wrong",
                () => new ByteArrayContent(bomb), 64 << 20),
            await SendAsync(
                $"{Callers} bodies of which {HalfSent / 2} of {HalfSent} bytes come, with a wrong token", path, replay, "wrong",
                () => new HalfBody(HalfSent), 64 << 20),
            await SendAsync(
                $"{Callers} bodies that inflate to {Inflated}, with the token", path, replay, Target.Token,
                () => new ByteArrayContent(bomb), ServiceBytes + (64L << 20)),
            await SendAsync(
                $"{Callers} bodies of which {HalfSent / 2} of {HalfSent} bytes come, with the token and {ServiceBytes} bytes allowed", path,
                replay, Target.Token, () => new HalfBody(HalfSent), ServiceBytes + (64L << 20)),
        ];
    }

    /// <summary>Each caller on a connection of its own.</summary>
    private static async Task<Attack> SendAsync(
        string name, string path, RapidProcess replay, string token, Func<HttpContent> body, long bound)
    {
        var before = await Target.MostBytesAsync(replay, TimeSpan.FromSeconds(1));
        var clients = Enumerable.Range(0, Callers).Select(_ => new BareClient(path, Method)).ToList();
        var calls = clients.Select(client => client.CallAsync(token, body())).ToList();
        var most = await Target.MostBytesAsync(replay, Watched);
        clients.ForEach(client => client.Dispose());
        var statuses = await Task.WhenAll(calls.Select(StatusAsync));
        var answers = statuses.OfType<string>().CountBy(status => status).Select(answer => $"{answer.Value} x status {answer.Key}");
        Console.WriteLine($"answers: {string.Join(", ", answers.DefaultIfEmpty("none"))}");
        return Attack.OfMemory(name, before, most, bound);
    }

    /// <summary>What a call was answered with; null when it was given up.</summary>
    private static async Task<string?> StatusAsync(Task<(string Status, string Message)> call)
    {
        try
        {
            return (await call).Status;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
