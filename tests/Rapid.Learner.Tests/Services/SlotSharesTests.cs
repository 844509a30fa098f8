using FsCheck;
using FsCheck.Fluent;
using Rapid.Learner.Slots;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Services;

public class SlotSharesTests
{
    private enum Kind
    {
        Enter,
        Leave,
        Begin,
        End,
    }

    [Fact]
    public void Actors_are_shared_in_proportion_nobody_is_forgotten_and_few_move() =>
        Prop.ForAll(Events(mostSlots: 4, lockstep: Gen.Constant(false)).ToArbitrary(), events =>
        {
            var world = new World();
            foreach (var what in events)
            {
                var before = world.Places();
                var had = world.Counts();
                world.Apply(what);
                world.AssertSlotsAreHeldOnce();
                world.AssertNothingLiesIdle();
                world.AssertShares();
                world.AssertFewMoved(before, had, what.Kind);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void In_lockstep_earlier_experiments_are_whole_before_later_ones_have_any() =>
        Prop.ForAll(Events(mostSlots: 1, lockstep: Gen.Elements(true, false)).ToArbitrary(), events =>
        {
            var world = new World();
            foreach (var what in events)
            {
                world.Apply(what);
                world.AssertSlotsAreHeldOnce();
                world.AssertEarlierGoOn();
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Lockstep_takes_no_actor_that_would_not_make_it_whole()
    {
        var world = new World();
        world.Apply(new(Kind.Begin, 8, false));
        world.Apply(new(Kind.Enter, 1, false));
        world.Apply(new(Kind.Enter, 1, false));
        world.Apply(new(Kind.Begin, 2, true));
        Assert.Equal([2, 0], world.Counts().Values);

        // With a third actor the earlier one can spare two.
        world.Apply(new(Kind.Enter, 1, false));
        Assert.Equal([1, 2], world.Counts().Values);
    }

    [Fact]
    public void A_crowd_moves_over_to_a_second_experiment()
    {
        const int Actors = 400, Each = 250, Slots = Actors * Each;
        var world = new World();
        world.Apply(new(Kind.Begin, Slots, false));
        for (var i = 0; i < Actors; i++)
        {
            world.Apply(new(Kind.Enter, Each, false));
        }

        world.Apply(new(Kind.Begin, Slots, false));

        Assert.Equal([Actors / 2, Actors / 2], world.Counts().Values);
        world.AssertSlotsAreHeldOnce();
    }

    private static Gen<Event[]> Events(int mostSlots, Gen<bool> lockstep)
    {
        var events =
            from kind in Gen.Choose(0, 10)
            from number in Gen.Choose(0, 1000)
            from wholly in lockstep
            select kind switch
            {
                < 6 => new Event(Kind.Enter, 1 + number % mostSlots, false),
                < 8 => new Event(Kind.Leave, number, false),
                < 10 => new Event(Kind.Begin, 1 + number % 12, wholly),
                _ => new Event(Kind.End, number, false),
            };
        return events.ListOf(40).Select(list => list.ToArray());
    }

    private sealed record Event(Kind Kind, int Number, bool Lockstep);

    /// <summary>The experiments and actors that there are, and what must hold of them.</summary>
    private sealed class World
    {
        private readonly SlotShares _shares = new();
        private readonly List<Worker> _actors = [];
        private readonly Dictionary<SlotWork, int> _slots = [];
        private long _entered;

        public void Apply(Event what)
        {
            switch (what.Kind)
            {
                case Kind.Enter:
                    _actors.Add(new Worker($"{_entered}", WorkerRole.Actor, what.Number, _entered++));
                    _shares.Enter(_actors[^1]);
                    break;
                case Kind.Leave when _actors.Count > 0:
                    var leaving = _actors[what.Number % _actors.Count];
                    _actors.Remove(leaving);
                    _shares.Leave(leaving);
                    break;
                case Kind.Begin when _slots.Count < 6:
                    var spec = new ExperimentSpec { Lockstep = what.Lockstep };
                    var work = new SlotWork(new Assignment { Spec = spec }, what.Number);
                    _slots.Add(work, what.Number);
                    _shares.Begin(work);
                    break;
                case Kind.End when _slots.Count > 0:
                    var ended = _shares.Works[what.Number % _slots.Count];
                    _slots.Remove(ended);
                    _shares.End(ended);
                    break;
            }

            _shares.Share(isSettled: true);
        }

        public Dictionary<Worker, SlotWork?> Places() => _actors.ToDictionary(actor => actor, actor => actor.Work);

        /// <summary>Actors of each experiment, the earliest first.</summary>
        public Dictionary<SlotWork, int> Counts() =>
            _shares.Works.ToDictionary(work => work, work => _actors.Count(actor => actor.Work == work));

        public void AssertSlotsAreHeldOnce()
        {
            foreach (var work in _shares.Works)
            {
                var held = _actors.Where(actor => actor.Work == work).SelectMany(actor => actor.Slots).ToList();
                Assert.Equal(held.Count, held.Distinct().Count());
                Assert.All(held, slot => Assert.InRange(slot, 0u, (uint)_slots[work] - 1));
            }

            Assert.All(_actors.Where(actor => actor.Work is null), actor => Assert.Empty(actor.Slots));
            Assert.All(_actors.Where(actor => actor.Work is not null), actor => Assert.InRange(actor.Slots.Count, 1, actor.MaxSlots));
            Assert.All(_actors, actor => Assert.True(actor.Work is null || _slots.ContainsKey(actor.Work)));
        }

        /// <summary>Where a slot is free, every actor is busy and the experiment's own can take no more.</summary>
        public void AssertNothingLiesIdle()
        {
            foreach (var work in _shares.Works.Where(HasFreeSlot))
            {
                Assert.DoesNotContain(_actors, actor => actor.Work is null);
                Assert.All(_actors.Where(actor => actor.Work == work), actor => Assert.Equal(actor.MaxSlots, actor.Slots.Count));
            }

            if (_actors.Count >= _slots.Count)
            {
                Assert.All(Counts().Values, count => Assert.InRange(count, 1, int.MaxValue));
            }
        }

        /// <summary>Of the actors that any two have, each has its part to within one, unless the other has all slots filled.</summary>
        public void AssertShares()
        {
            var counts = Counts();
            foreach (var poor in _shares.Works.Where(HasFreeSlot))
            {
                foreach (var rich in _shares.Works.Where(work => work != poor))
                {
                    var part = (counts[poor] + counts[rich]) * (double)_slots[rich] / (_slots[poor] + _slots[rich]);
                    Assert.True(
                        counts[rich] < part + 1,
                        $"{counts[rich]} actors for {_slots[rich]} slots beside {counts[poor]} for {_slots[poor]}");
                }
            }
        }

        public void AssertFewMoved(Dictionary<Worker, SlotWork?> before, Dictionary<SlotWork, int> had, Kind kind)
        {
            var moved = before.Where(place => place.Value is { } work && _slots.ContainsKey(work)
                && _actors.Contains(place.Key) && place.Key.Work != place.Value).ToList();
            Assert.True(kind != Kind.Enter || moved.Count == 0, "one that comes moves nobody");
            var (losers, counts) = (moved.Select(place => place.Value!).ToHashSet(), Counts());
            foreach (var loser in losers)
            {
                Assert.DoesNotContain(_actors, actor => actor.Work == loser && before.GetValueOrDefault(actor) != loser);

                // One move fewer would have been less equal.
                var after = counts[loser];
                foreach (var gainer in counts.Where(work => work.Value > Math.Max(1, had.GetValueOrDefault(work.Key))))
                {
                    var (gained, own, others) = (gainer.Value, (double)_slots[loser], (double)_slots[gainer.Key]);
                    Assert.True((after + 1) * after / (own * own) > gained * (gained - 1) / (others * others));
                }
            }
        }

        /// <summary>Of actors with one slot each, in the order of experiments.</summary>
        public void AssertEarlierGoOn()
        {
            var left = _actors.Count;
            foreach (var work in _shares.Works)
            {
                var needed = work.Assignment.Spec.Lockstep ? _slots[work] : 1;
                Assert.Equal(needed <= left, work.GoesOn);
                left -= needed <= left ? needed : 0;
            }
        }

        private bool HasFreeSlot(SlotWork work) =>
            _actors.Where(actor => actor.Work == work).Sum(actor => actor.Slots.Count) < _slots[work];
    }
}
