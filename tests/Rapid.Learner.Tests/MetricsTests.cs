using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Rapid.Learner.Metrics;

namespace Rapid.Learner.Tests;

public sealed class MetricsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("rapid-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Lines_keep_their_order_and_separate_what_depends_on_the_clock()
    {
        using (var metrics = new RunMetrics(_directory, "test", "seed: 1"))
        {
            metrics.Write(10, "train", [("loss", 0.1), ("kl", double.NaN)]);
            metrics.Write(10, "evaluation", [("return_mean", 5)]);
        }

        var lines = File.ReadAllLines(Path.Combine(_directory, "metrics.jsonl"));
        Assert.StartsWith("{\"step\":10,\"kind\":\"train\",\"loss\":0.1,\"kl\":null,\"time\":{", lines[0], StringComparison.Ordinal);
        Assert.NotNull(JsonNode.Parse(lines[0])!["time"]!["steps_per_second"]);
        Assert.Equal("evaluation", (string?)JsonNode.Parse(lines[1])!["kind"]);
    }

    [Fact]
    public void A_resumed_run_writes_on_after_its_checkpoint()
    {
        using (var metrics = new RunMetrics(_directory, "test", ""))
        {
            metrics.Write(10, "train", []);
            metrics.Write(20, "train", []);
        }

        File.AppendAllText(Path.Combine(_directory, "metrics.jsonl"), "{\"step\":30,\"kin");
        using (var metrics = new RunMetrics(_directory, "test", ""))
        {
            metrics.TruncateAfter(10);
            metrics.Write(20, "train", []);
        }

        var lines = File.ReadAllLines(Path.Combine(_directory, "metrics.jsonl"));
        Assert.Equal([10, 20], lines.Select(line => (long)JsonNode.Parse(line)!["step"]!));
    }

    [Fact]
    public void Event_files_have_valid_checksums_and_hold_the_scalars()
    {
        using (var metrics = new RunMetrics(_directory, "test", "seed: 1"))
        {
            metrics.Write(1234, "train", [("loss", 0.5)]);
        }

        var bytes = File.ReadAllBytes(Assert.Single(Directory.GetFiles(Path.Combine(_directory, "tensorboard"))));
        var records = 0;
        for (var position = 0; position < bytes.Length; records++)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(position));
            Assert.Equal(Masked(bytes.AsSpan(position, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(position + 8)));
            Assert.Equal(
                Masked(bytes.AsSpan(position + 12, length)),
                BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(position + 12 + length)));
            position += 16 + length;
        }

        Assert.Equal(3, records);
        Assert.True(bytes.AsSpan().IndexOf("train/loss"u8) > 0);
        Assert.True(bytes.AsSpan().IndexOf("brain.Event:2"u8) > 0);
    }

    /// <summary>CRC-32C bit by bit, the polynomial 0x1EDC6F41 reflected, masked as TensorFlow does.</summary>
    private static uint Masked(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }
}
