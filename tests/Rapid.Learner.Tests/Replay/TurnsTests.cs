using FsCheck;
using FsCheck.Fluent;
using Rapid.Learner.Replay;

namespace Rapid.Learner.Tests.Replay;

public class TurnsTests
{
    [Fact]
    public void Everyone_has_had_its_part_to_within_turns_at_every_moment() => Prop.ForAll(
        Gen.Choose(0, 9).ArrayOf().Where(weights => weights.Length <= 6 && weights.Sum() > 0).ToArbitrary(),
        weights =>
        {
            var (turns, taken) = (new Turns(weights.Length), new int[weights.Length]);
            for (var turn = 1; turn <= 200; turn++)
            {
                taken[turns.Next(party => weights[party])]++;
                for (var party = 0; party < weights.Length; party++)
                {
                    var part = (double)turn * weights[party] / weights.Sum();
                    Assert.InRange(taken[party] - part, -weights.Length / 2.0, weights.Length / 2.0);
                }
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Who_is_left_out_gets_no_turn_and_is_owed_none()
    {
        var turns = new Turns(2);
        Assert.Equal(-1, turns.Next(_ => 0));
        Assert.All(Enumerable.Range(0, 10), _ => Assert.Equal(1, turns.Next(party => party)));
        int[] after = [.. Enumerable.Range(0, 10).Select(_ => turns.Next(_ => 1))];
        Assert.Equal([5, 5], after.GroupBy(party => party).Select(group => group.Count()));
    }
}
