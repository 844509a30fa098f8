using Rapid.Protocol.V1;

namespace Rapid.Learner.Slots;

/// <summary>The slots of one experiment and the actors that fill them. What moves costs as much as the slots that move.</summary>
internal sealed class SlotWork
{
    private readonly long _least;

    // Those first that are missed least: with the fewest slots, and of these the newest.
    private readonly SortedSet<Worker> _crew = new(
        Comparer<Worker>.Create((x, y) => (x.Slots.Count, -x.Number).CompareTo((y.Slots.Count, -y.Number))));

    // Slots that nobody has, the lowest first, and actors that can fill another one, those with the fewest first.
    private readonly PriorityQueue<uint, uint> _free = new();
    private readonly SortedSet<Worker> _takers = new(
        Comparer<Worker>.Create((x, y) => (x.Slots.Count, x.Number).CompareTo((y.Slots.Count, y.Number))));

    private long _capacity;
    private int _without; // actors that have no slot yet

    /// <param name="assignment">What every actor of it is told, without slots.</param>
    /// <param name="slots">How many there are.</param>
    public SlotWork(Assignment assignment, int slots)
    {
        (Assignment, Slots) = (assignment, slots);
        // An update in lockstep needs a block of each slot: with fewer the experiment stands still, and holds what it has for nothing.
        _least = assignment.Spec?.Lockstep == true ? slots : Math.Min(1, slots);
        _free.EnqueueRange(Enumerable.Range(0, slots).Select(slot => ((uint)slot, (uint)slot)));
    }

    public Assignment Assignment { get; }

    /// <summary>How many there are.</summary>
    public int Slots { get; }

    /// <summary>Actors that it has.</summary>
    public int Actors => _crew.Count;

    /// <summary>Slots that it still wants of actors that it has not.</summary>
    public long Missing => Math.Max(0, _least - _capacity);

    /// <summary>Whether it goes on with the actors that it has.</summary>
    public bool GoesOn => _capacity >= _least;

    /// <summary>Whether one more actor would get a slot: those that have none are given one first.</summary>
    public bool HasRoom => _free.Count > _without;

    // The priorities of Huntington and Hill, by which the seats of the House of Representatives are shared out: between two experiments no
    // move of an actor makes actors for each slot more equal, and who has none comes first. They are squared.

    /// <summary>How well it is off with one more actor than it has: who is worst off gets the next one.</summary>
    public double WithOneMore => (double)Actors * (Actors + 1) / ((double)Slots * Slots);

    /// <summary>How well it is off with the actors that it has: who is best off gives the next one.</summary>
    public double WithOneLess => (double)Actors * (Actors - 1) / ((double)Slots * Slots);

    /// <summary>Slots of it that an actor can fill.</summary>
    public long CapacityOf(Worker actor) => Math.Min(actor.MaxSlots, Slots);

    /// <summary>Its actors, those first that are missed least.</summary>
    public IEnumerable<Worker> Crew => _crew;

    /// <summary>Actors without which it still goes on.</summary>
    public IEnumerable<Worker> Spare()
    {
        var left = _capacity - _least;
        foreach (var actor in _crew)
        {
            if (CapacityOf(actor) <= left)
            {
                left -= CapacityOf(actor);
                yield return actor;
            }
        }
    }

    /// <summary>Takes an actor in.</summary>
    public void Take(Worker actor)
    {
        actor.Work = this;
        _crew.Add(actor);
        _takers.Add(actor);
        _without++;
        _capacity += CapacityOf(actor);
        actor.Change();
    }

    /// <summary>Lets an actor go.</summary>
    public void Release(Worker actor)
    {
        _takers.Remove(actor);
        _crew.Remove(actor);
        _without -= actor.Slots.Count == 0 ? 1 : 0;
        _capacity -= CapacityOf(actor);
        _free.EnqueueRange(actor.Slots.Select(slot => (slot, slot)));
        actor.Slots.Clear();
        actor.Work = null;
        actor.Change();
    }

    /// <summary>Gives out free slots, evenly.</summary>
    /// <param name="isSettled">Whether actors that have one get more.</param>
    public void Fill(bool isSettled)
    {
        while (_free.Count > 0 && _takers.Min is { } taker && (isSettled || taker.Slots.Count == 0))
        {
            // Its place among the others follows from what it has.
            _takers.Remove(taker);
            _crew.Remove(taker);
            _without -= taker.Slots.Count == 0 ? 1 : 0;
            taker.Slots.Add(_free.Dequeue());
            taker.Change();
            _crew.Add(taker);
            if (taker.Slots.Count < taker.MaxSlots)
            {
                _takers.Add(taker);
            }
        }
    }
}
