namespace Rapid.Benchmarks;

/// <summary>Which faults come when: a function of the seed and the time alone.</summary>
internal static class Schedule
{
    // The kinds of a deck, which is shuffled and played to its end before the next.
    private static readonly FaultKind[] Deck =
        [.. Enum.GetValues<FaultKind>(), .. Enumerable.Repeat(FaultKind.Kill, 5), FaultKind.Freeze, FaultKind.Cut];

    private static readonly TimeSpan Lead = TimeSpan.FromSeconds(15);

    /// <summary>Draws the faults of so much time.</summary>
    public static IReadOnlyList<Fault> Draw(int seed, TimeSpan length)
    {
        var random = new Random(seed);
        var (faults, kinds, at) = (new List<Fault>(), new Stack<FaultKind>(), Lead);
        while (at < length)
        {
            if (kinds.Count == 0)
            {
                var deck = Deck.ToArray();
                random.Shuffle(deck);
                Array.ForEach(deck, kinds.Push);
            }

            var fault = Make(at, kinds.Pop(), random);
            faults.Add(fault);

            // Mostly when what came before is over, which takes longest where the learner begins again; now and then while it is being
            // repaired.
            var least = fault.Targets.Contains("learner") ? 6 : 3.5;
            at += fault.Duration + Seconds(random.Next(4) == 0 ? Between(random, 0, 1.5) : Between(random, least, least + 3));
        }

        return faults;
    }

    private static Fault Make(TimeSpan at, FaultKind kind, Random random)
    {
        var none = TimeSpan.Zero;
        return kind switch
        {
            // The learner is half of the victims: it has the most to lose.
            FaultKind.Kill => new(at, kind, random.Next(2) == 0 ? ["learner"] : Some(random, Places.Processes, 1), none, 0),
            FaultKind.KillTwo => new(at, kind, Some(random, Places.Processes, 2), none, 0),
            FaultKind.KillAll or FaultKind.RollingRestart => new(at, kind, Places.Processes, none, 0),
            FaultKind.Freeze => new(at, kind, Some(random, Places.Processes, 1), Seconds(Between(random, 0.5, 20)), 0),
            FaultKind.Stop => new(at, kind, Some(random, Places.Processes, 1), none, 0),
            FaultKind.TornLog => new(at, kind, ["redis"], none, random.Next(1, 40)),
            FaultKind.ReplayWithoutLearner => new(
                at, kind, Some(random, ["replay", "replay 1"], 1), Seconds(Between(random, 0.5, 4)), 0),
            FaultKind.Cut or FaultKind.Stall => new(at, kind, SomeLinks(random), Seconds(Between(random, 0.1, 10)), 0),
            FaultKind.Silence or FaultKind.HalfClose => new(at, kind, SomeLinks(random), none, 0),
            FaultKind.Delay => new(at, kind, SomeLinks(random), Seconds(Between(random, 2, 8)), random.Next(5, 200)),
            FaultKind.Throttle => new(at, kind, SomeLinks(random), Seconds(Between(random, 2, 8)), random.Next(5_000, 100_000)),
            FaultKind.Loss => new(at, kind, SomeLinks(random), Seconds(Between(random, 2, 8)), random.Next(1, 30)),
            FaultKind.Partition => new(at, kind, SomeLinks(random), Seconds(Between(random, 1, 20)), 100),
            FaultKind.FullDisk => new(at, kind, ["learner"], Seconds(Between(random, 1, 8)), 0),
            FaultKind.DamagedCheckpoint or FaultKind.DamagedRunFile => new(at, kind, ["learner"], none, random.Next(1 << 20)),
            FaultKind.ClockJump => new(
                at, kind, Some(random, Places.Processes, 1), Seconds(Between(random, 2, 8)), random.Next(-7200, 7200)),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    private static string[] SomeLinks(Random random) => Some(random, Places.Links, random.Next(1, 4));

    private static string[] Some(Random random, IReadOnlyList<string> of, int count)
    {
        var all = of.ToArray();
        random.Shuffle(all);
        return all[..count];
    }

    private static double Between(Random random, double least, double most) => least + random.NextDouble() * (most - least);

    /// <summary>In tenths, as they are printed.</summary>
    private static TimeSpan Seconds(double seconds) => TimeSpan.FromMilliseconds(Math.Round(seconds * 10) * 100);
}
