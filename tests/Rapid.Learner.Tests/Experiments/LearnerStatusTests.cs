using Rapid.Learner.Queue;

namespace Rapid.Learner.Tests.Experiments;

/// <summary>How actors are shared out among learners.</summary>
public class LearnerStatusTests
{
    /// <summary>Slots and actors of each learner, and how many actors each has in the end.</summary>
    [Theory]
    [InlineData("2:2 2:0", "1 1")]
    [InlineData("2:3 2:0", "2 1")]
    [InlineData("0:1 2:0", "0 1")]
    [InlineData("0:5 0:0", "5 0")]
    [InlineData("8:100 8:0", "50 50")]
    [InlineData("3:8 1:0", "6 2")]
    [InlineData("10:2 1:0", "1 1")]
    [InlineData("1:1 1:0", "1 0")]
    [InlineData("4:0 4:9 4:0", "3 3 3")]
    [InlineData("1:2 1:0 1:0", "1 1 0")]
    public void Actors_go_where_slots_are_and_then_stay(string before, string after)
    {
        LearnerStatus[] learners =
        [
            .. before.Split(' ').Select(text => text.Split(':').Select(int.Parse).ToArray())
                .Select((numbers, i) => new LearnerStatus($"http://learner-{i}:1", numbers[0], numbers[1])),
        ];
        var moves = 0;
        for (var isMoving = true; isMoving;)
        {
            isMoving = false;
            for (var i = 0; i < learners.Length; i++)
            {
                var (count, to) = learners[i].Surplus([.. learners.Except([learners[i]])]);
                if (count > 0)
                {
                    var taker = Array.IndexOf(learners, to);
                    learners[taker] = to with { Actors = to.Actors + count };
                    learners[i] = learners[i] with { Actors = learners[i].Actors - count };
                    isMoving = true;
                    Assert.True(++moves < 10, string.Join<LearnerStatus>(' ', learners));
                }
            }
        }

        Assert.Equal(after, string.Join(' ', learners.Select(learner => learner.Actors)));
    }

    [Fact]
    public void A_learner_understands_what_another_says_and_passes_over_what_a_later_one_might()
    {
        var said = new LearnerStatus("http://learner:5102", 3, 2);

        Assert.Equal(said, LearnerStatus.Read(said.ToString()));
        Assert.Null(LearnerStatus.Read("something else"));
    }
}
