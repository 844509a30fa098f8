using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Agents.State;
using Rapid.Hosting;
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
        File.WriteAllText(Path.Combine(damaged, "state.json"), $"{{\"rapid\": \"{RapidVersion.Own}\", \"step\": 1e400}}");
        CheckpointReading.Seal(damaged);
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

    /// <summary>Every file of it, every kind of damage: what is used is what was written.</summary>
    [Fact]
    public void A_checkpoint_with_a_changed_a_shortened_or_a_missing_file_is_passed_over_for_the_one_before_it()
    {
        var store = new CheckpointStore(_directory, keep: 3, NullLogger.Instance);
        store.Save(Make(100));
        store.Save(Make(200));
        var newest = Path.Combine(_directory, "step-000000000200");
        foreach (var file in Directory.GetFiles(newest))
        {
            var good = File.ReadAllBytes(file);
            for (var i = 0; i < good.Length; i++)
            {
                File.WriteAllBytes(file, [.. good[..i], (byte)(good[i] ^ 1), .. good[(i + 1)..]]);
                Assert.Equal(100, store.Newest()!.Step);
            }

            File.WriteAllBytes(file, []);
            Assert.Equal(100, store.Newest()!.Step);
            File.WriteAllBytes(file, good[..^1]);
            Assert.Equal(100, store.Newest()!.Step);
            File.Delete(file);
            Assert.Equal(100, store.Newest()!.Step);
            File.WriteAllBytes(file, good);
            Assert.Equal(200, store.Newest()!.Step);
        }
    }

    [Fact]
    public void Games_come_back_and_a_checkpoint_without_them_is_one_all_the_same()
    {
        var store = new CheckpointStore(_directory, keep: 3, NullLogger.Instance);
        store.Save(Make(100));
        Assert.Equal([1, 2, 3], store.Newest()!.Games);
        store.Save(Make(200) with { Games = null });
        Assert.Equal((200L, null), (store.Newest()!.Step, store.Newest()!.Games));
        Assert.DoesNotContain("games.binpb", File.ReadAllText(Path.Combine(_directory, "step-000000000200", "SHA256SUMS")));
    }

    [Theory]
    [InlineData(200, 1, float.NaN)]
    [InlineData(200, 1, float.NegativeInfinity)]
    [InlineData(-1, 1, 0)]
    [InlineData(200, -1, 0)]
    public void What_no_run_can_go_on_from_is_not_written_and_not_used(long step, long updates, float weight)
    {
        var store = new CheckpointStore(_directory, keep: 3, NullLogger.Instance);
        store.Save(Make(100));
        Assert.Throws<InvalidDataException>(() => store.Save(Make(step, updates, weight)));
        Assert.Equal(["step-000000000100"], Directory.GetFileSystemEntries(_directory).Select(Path.GetFileName));

        // By another hand, with sums that are right.
        store.Save(Make(200));
        var newest = Path.Combine(_directory, "step-000000000200");
        var (model, state) = (Path.Combine(newest, "model.safetensors"), Path.Combine(newest, "state.json"));
        using (var file = File.Create(model))
        {
            SafeTensors.Write(file, Make(step, updates, weight).Tensors);
        }

        File.WriteAllText(state, $"{{\"rapid\": \"{RapidVersion.Own}\", \"step\": {step}, \"updates\": {updates}, \"state\": {{}}}}");
        CheckpointReading.Seal(newest);
        Assert.Equal(100, store.Newest()!.Step);
    }

    private static Checkpoint Make(long step, long updates = 1, float weight = 1) =>
        new(step, updates, new Dictionary<string, TensorData> { ["weights"] = TensorData.FromFloats([weight, 2f], 2) }, [], [1, 2, 3]);
}
