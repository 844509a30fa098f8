using Microsoft.Extensions.Logging;
using Rapid.Environments;
using Rapid.Policies.Tests;

namespace Rapid.Actor.Tests;

public sealed class BreakdownLogTests
{
    private readonly LogLines _lines = new();
    private readonly BreakdownLog _log;

    public BreakdownLogTests() => _log = new BreakdownLog("Hopper-v4", _lines);

    [Fact]
    public void A_kind_of_reason_is_said_when_it_is_new_and_at_ten_hundred_and_a_thousand()
    {
        for (var i = 0; i < 1500; i++)
        {
            _log.Add(slot: 3, [new Breakdown(i % 8, $"bad number at DOF {i % 17}")]);
        }

        string[] expected =
        [
            "at DOF 0 (environment 0 of slot 3; 1 alike", "at DOF 9 (environment 1 of slot 3; 10 alike",
            "at DOF 14 (environment 3 of slot 3; 100 alike", "at DOF 13 (environment 7 of slot 3; 1000 alike",
        ];
        Assert.Equal(expected.Length, _lines.All.Count);
        Assert.All(expected.Zip(_lines.All), pair => Assert.Contains(pair.First, pair.Second.Text, StringComparison.Ordinal));
        Assert.All(_lines.All, line => Assert.Equal(LogLevel.Warning, line.Level));
        Assert.All(_lines.All, line => Assert.StartsWith("Hopper-v4 broke", line.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void Kinds_are_counted_apart_and_all_of_one_step_are_counted()
    {
        _log.Add(0, [new Breakdown(0, "in QPOS at 1"), new Breakdown(1, "in QVEL at 1"), new Breakdown(2, "in QPOS at 2")]);

        Assert.Equal(2, _lines.All.Count);
    }

    [Fact]
    public void Endlessly_new_reasons_fill_neither_memory_nor_the_log()
    {
        for (var i = 0; i < 5000; i++)
        {
            _log.Add(0, [new Breakdown(0, new string('x', i % 500 + 1))]);
        }

        Assert.InRange(_lines.All.Count, 51, 200);
    }

    [Fact]
    public void Slots_on_many_threads_lose_no_count()
    {
        Parallel.For(0, 10_000, i => _log.Add((uint)(i % 4), [new Breakdown(0, "same")]));

        Assert.Contains(_lines.All, line => line.Text.Contains("; 10000 alike", StringComparison.Ordinal));
        Assert.Equal(5, _lines.All.Count);
    }
}
