using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Learner.Checkpoints;

namespace Rapid.Learner.Tests.Checkpoints;

public sealed class CheckpointStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("rapid-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_corrupt_checkpoint_of_a_later_step_does_not_push_out_the_one_just_written()
    {
        var store = new CheckpointStore(_directory, keep: 1, NullLogger.Instance);
        store.Save(Make(200));
        var damaged = Assert.Single(Directory.GetDirectories(_directory));
        File.WriteAllText(Path.Combine(damaged, "state.json"), "{\"step\": 1e400}");
        Assert.Contains(damaged, Assert.Throws<InvalidDataException>(() => store.Newest()).Message, StringComparison.Ordinal);
        store.Save(Make(110));
        Assert.Equal(110, store.Newest()!.Step);
        Assert.Single(Directory.GetDirectories(_directory));
    }

    [Fact]
    public void A_checkpoint_that_does_not_fit_is_passed_over_for_the_one_before_it()
    {
        var store = new CheckpointStore(_directory, keep: 3, NullLogger.Instance);
        Assert.False(store.Restore(_ => Assert.Fail("there is none")));
        store.Save(Make(100));
        store.Save(Make(200));
        List<long> tried = [];
        Assert.True(store.Restore(checkpoint =>
        {
            tried.Add(checkpoint.Step);
            if (checkpoint.Step == 200)
            {
                _ = checkpoint.Tensors["biases"];
            }
        }));
        Assert.Equal([200, 100], tried);
    }

    [Fact]
    public void A_checkpoint_of_the_same_step_replaces_the_one_before_it()
    {
        var store = new CheckpointStore(_directory, keep: 3, NullLogger.Instance);
        for (var updates = 1; updates <= 4; updates++)
        {
            store.Save(Make(100, updates));
            Assert.Equal(updates, store.Newest()!.Updates);
            Assert.Single(Directory.GetDirectories(_directory));
        }
    }

    private static Checkpoint Make(long step, long updates = 1) =>
        new(step, updates, new Dictionary<string, TensorData> { ["weights"] = TensorData.FromFloats([1f, 2f], 2) }, []);
}
