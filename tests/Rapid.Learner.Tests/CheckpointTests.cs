using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Rapid.Agents.State;
using Rapid.Learner.Checkpoints;
using Rapid.Learner.Tests.Checkpoints;
using Rapid.Learner.Training;

namespace Rapid.Learner.Tests;

public sealed class CheckpointTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("rapid-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_newest_checkpoint_comes_back_whole_and_old_ones_go()
    {
        var store = new CheckpointStore(_directory, keep: 2, NullLogger.Instance);
        for (var step = 1; step <= 3; step++)
        {
            store.Save(Make(step));
        }

        var loaded = store.Newest()!;
        Assert.Equal((3, 30), (loaded.Step, loaded.Updates));
        Assert.Equal([3f, 1.5f], loaded.Tensors["weights"].Floats().ToArray());
        Assert.Equal("x", (string?)loaded.State["name"]);
        Assert.Equal(2, Directory.GetDirectories(_directory).Length);
    }

    [Fact]
    public void A_checkpoint_that_was_being_written_or_is_corrupt_is_passed_over()
    {
        var store = new CheckpointStore(_directory, keep: 5, NullLogger.Instance);
        store.Save(Make(1));
        store.Save(Make(2));
        File.WriteAllBytes(Path.Combine(_directory, "step-000000000002", "model.safetensors"), [1, 2, 3]);
        Directory.CreateDirectory(Path.Combine(_directory, ".writing-abandoned"));
        Directory.CreateDirectory(Path.Combine(_directory, "step-000000000003"));
        Assert.Equal(1, store.Newest()!.Step);
        store.Save(Make(4));
        Assert.False(Directory.Exists(Path.Combine(_directory, ".writing-abandoned")));
    }

    [Fact]
    public void Corrupt_tensor_files_raise_only_InvalidDataException()
    {
        using var memory = new MemoryStream();
        SafeTensors.Write(memory, Make(1).Tensors);
        var good = memory.ToArray();
        Prop.ForAll<byte, int, int>((value, position, cut) =>
        {
            var bad = good[..(good.Length - (int)((uint)cut % (uint)good.Length))];
            if (bad.Length > 0)
            {
                bad[(int)((uint)position % (uint)bad.Length)] = value;
            }

            try
            {
                SafeTensors.Read(bad);
            }
            catch (InvalidDataException)
            {
                // The documented refusal.
            }

            return true;
        }).QuickCheckThrowOnFailure();
        Assert.Equal([1f, 1.5f], SafeTensors.Read(good)["weights"].Floats().ToArray());
    }

    [Fact]
    public void Policy_versions_never_repeat_across_lives()
    {
        var path = Path.Combine(_directory, "versions");
        var seen = new HashSet<long>();
        long last = 0;
        for (var life = 0; life < 3; life++)
        {
            var versions = new PolicyVersions(path);
            for (var i = 0; i < 5; i++)
            {
                var version = versions.Next();
                Assert.True(seen.Add(version) && version > last);
                last = version;
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("12x")]
    [InlineData("-5")]
    [InlineData("9223372036854775807")]
    public void Policy_versions_grow_over_a_damaged_file(string damage)
    {
        var path = Path.Combine(_directory, "versions");
        var last = new PolicyVersions(path).Next();
        File.WriteAllText(path, damage);
        for (var life = 0; life < 3; life++)
        {
            var version = new PolicyVersions(path).Next();
            Assert.InRange(version, last + 1, 1L << 53); // Beyond that a line of metrics could not say which it is.
            last = version;
        }
    }

    private static Checkpoint Make(int step) => new(
        step,
        step * 10,
        new Dictionary<string, TensorData> { ["weights"] = TensorData.FromFloats([step, 1.5f], 2) },
        new JsonObject { ["name"] = "x" });
}
