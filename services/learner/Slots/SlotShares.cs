namespace Rapid.Learner.Slots;

/// <summary>
/// Which actor serves which experiment. First every experiment gets what it needs to go on, the earlier before the later: one actor, or in
/// lockstep actors for all its slots. All others are shared out in proportion to slots. An actor moves only where shares would else be less
/// equal, so that one that comes moves nobody and one that leaves moves few.
/// </summary>
internal sealed class SlotShares
{
    // In the order in which they began.
    private readonly List<SlotWork> _works = [];
    private readonly SortedSet<Worker> _idle = new(Comparer<Worker>.Create((x, y) => x.Number.CompareTo(y.Number)));

    /// <summary>What is worked on, the earliest first.</summary>
    public IReadOnlyList<SlotWork> Works => _works;

    /// <summary>An experiment begins.</summary>
    public void Begin(SlotWork work) => _works.Add(work);

    /// <summary>An experiment ends: its actors are free for others.</summary>
    public void End(SlotWork work)
    {
        _works.Remove(work);
        foreach (var actor in work.Crew.ToList())
        {
            work.Release(actor);
            _idle.Add(actor);
        }
    }

    /// <summary>An actor comes.</summary>
    public void Enter(Worker actor) => _idle.Add(actor);

    /// <summary>An actor leaves.</summary>
    public void Leave(Worker actor)
    {
        _idle.Remove(actor);
        actor.Work?.Release(actor);
    }

    /// <summary>Shares actors out, and each experiment's slots among its actors.</summary>
    /// <param name="isSettled">Whether actors that have a slot get more.</param>
    public void Share(bool isSettled)
    {
        foreach (var work in _works)
        {
            // What does not suffice is left to those to whom it is of use.
            if (work.Missing > 0 && Within(work).Sum(work.CapacityOf) >= work.Missing)
            {
                while (work.Missing > 0)
                {
                    Move(Within(work).First(), work);
                }
            }
        }

        while (_works.Where(work => work.HasRoom).MinBy(work => (!work.GoesOn, work.WithOneMore)) is { } worst
            && ForShareOf(worst) is { } actor)
        {
            Move(actor, worst);
        }

        _works.ForEach(work => work.Fill(isSettled));
    }

    /// <summary>All actors that an experiment may take in order to go on, those first that are missed least.</summary>
    private IEnumerable<Worker> Within(SlotWork work)
    {
        var others = _works.Where(other => other != work).ToList();
        var later = _works.SkipWhile(other => other != work).Skip(1).Where(other => other.GoesOn).Reverse();
        return _idle
            .Concat(others.Where(other => !other.GoesOn).Reverse().SelectMany(other => other.Crew))
            .Concat(others.Where(other => other.GoesOn).OrderByDescending(other => other.WithOneLess).SelectMany(other => other.Spare()))
            .Concat(later.SelectMany(other => other.Crew.Except(other.Spare())));
    }

    /// <summary>The actor that the experiment that is worst off gets next; null when everybody has his share.</summary>
    private Worker? ForShareOf(SlotWork worst)
    {
        if (_idle.Min is { } idle || !worst.GoesOn)
        {
            return _idle.Min;
        }

        var others = _works.Where(other => other != worst).ToList();
        return others.Where(other => !other.GoesOn).SelectMany(other => other.Crew).FirstOrDefault()
            ?? others.Where(other => other.WithOneLess > worst.WithOneMore)
                .OrderByDescending(other => other.WithOneLess).SelectMany(other => other.Spare()).FirstOrDefault();
    }

    private void Move(Worker actor, SlotWork to)
    {
        _idle.Remove(actor);
        actor.Work?.Release(actor);
        to.Take(actor);
    }
}
