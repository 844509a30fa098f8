using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Rapid.Hosting;
using Rapid.Protocol;
using Rapid.Protocol.V1;
using Rapid.Specs;
using ServiceOptions = Rapid.Hosting.ServiceOptions;

namespace Rapid.Benchmarks;

/// <summary>
/// Mutated messages against every method of a service. A problem is a call that does not end, one that ends as only errors of the service
/// itself do (UNKNOWN, INTERNAL), and anything that the service keeps though its own rules forbid it.
/// </summary>
internal static class MessageFuzz
{
    private const int Callers = 32, MostMessagesOfACall = 4;

    // What was kept is looked through, and the service begins anew, as often as this.
    private const int RoundMessages = 200_000;

    /// <summary>Sends messages until there were enough.</summary>
    /// <param name="name">replay, learner, actor or evaluator.</param>
    /// <param name="messages">How many.</param>
    /// <param name="seed">Of what is sent.</param>
    public static async Task<FuzzTally> RunAsync(string name, long messages, int seed)
    {
        var tally = new FuzzTally();
        for (long sent = 0; sent < messages && tally.Problems.Count == 0; sent += RoundMessages)
        {
            await using var service = await FuzzedService.StartAsync(name);
            var budget = Math.Min(RoundMessages, messages - sent);
            var callers = Enumerable.Range(0, Callers)
                .Select(caller => Task.Run(() => CallAsync(service, budget / Callers, new Random(SeedOf(seed, sent, caller)), tally)));
            await Task.WhenAll(callers);
            await CheckAsync(name, service, tally);
        }

        return tally;
    }

    private static int SeedOf(int seed, long sent, int caller) => unchecked((int)(seed * 1_000_003L + sent * 97 + caller));

    private static async Task CallAsync(FuzzedService service, long messages, Random random, FuzzTally tally)
    {
        while (messages > 0)
        {
            var target = service.Targets[random.Next(service.Targets.Count)];
            var count = target.IsStreaming ? random.Next(1, MostMessagesOfACall + 1) : 1;
            var request = Enumerable.Range(0, count).Select(_ => MessageMutator.Mutate(Corpus.Draw(target.Input, random), random)).ToList();
            messages -= count;
            var status = await service.CallAsync(target, request);
            if (status is not { } end)
            {
                tally.Report($"{target.Path} does not end after {Show(request)}");
                return;
            }

            tally.Count(end);
            if (end is StatusCode.Unknown or StatusCode.Internal && request.All(message => IsReadable(target.Input, message)))
            {
                tally.Report($"{target.Path} is {end} after {Show(request)}");
            }
        }
    }

    private static string Show(IEnumerable<byte[]> request) => string.Join(' ', request.Select(Convert.ToBase64String));

    private static bool IsReadable(MessageDescriptor type, byte[] message)
    {
        try
        {
            type.Parser.ParseFrom(message);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    /// <summary>Looks through what the service kept, as a client sees it.</summary>
    private static async Task CheckAsync(string name, FuzzedService service, FuzzTally tally)
    {
        using var channel = Channels.Open(service.Address, new ServiceOptions { Listen = [] });
        if (name == "replay")
        {
            await CheckTablesAsync(new Protocol.V1.Replay.ReplayClient(channel), tally);
        }
        else if (name == "learner")
        {
            foreach (var experiment in (await new Experiments.ExperimentsClient(channel).ListAsync(new ListRequest())).Experiments)
            {
                try
                {
                    SpecReader.Read(experiment.Spec);
                }
                catch (SpecException problem)
                {
                    tally.Report($"experiment {experiment.Id} was accepted: {problem.Message}");
                }
            }
        }
    }

    private static async Task CheckTablesAsync(Protocol.V1.Replay.ReplayClient client, FuzzTally tally)
    {
        foreach (var table in (await client.StatsAsync(new StatsRequest())).Tables)
        {
            if (table.Definition.Kind == TableKind.Queue)
            {
                continue;
            }

            string? signature = null;
            ulong blocks = 0;
            using var export = client.Export(new ExportRequest { Table = table.Definition.Name });
            await foreach (var item in export.ResponseStream.ReadAllAsync())
            {
                blocks++;
                var own = BlockValidator.SignatureOf(item.Trajectory);
                signature ??= own;
                if (BlockValidator.Problem(item.Trajectory) is { } problem)
                {
                    tally.Report($"table {table.Definition.Name} holds block {item.Id}: {problem}");
                }
                else if (own != signature)
                {
                    tally.Report($"table {table.Definition.Name} holds {own} and {signature}");
                }
            }

            if (blocks != table.Blocks)
            {
                tally.Report($"table {table.Definition.Name} says that it holds {table.Blocks} blocks and exports {blocks}");
            }
        }
    }
}
