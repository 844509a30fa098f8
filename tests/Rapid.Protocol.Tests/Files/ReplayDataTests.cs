using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rapid.Core;
using Rapid.Protocol.Files;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Protocol.Tests.Files;

public sealed class ReplayDataTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rapid-files-").FullName;

    private string Data => Path.Combine(_folder, "data");

    private string BlocksFile => Path.Combine(Data, "blocks-00000.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Blocks_come_back_as_they_were_in_the_order_in_which_they_came()
    {
        string[] producers = ["a", "bb"];
        Trajectory[] blocks =
            [.. Enumerable.Range(1, 7).SelectMany(i => producers.Select(producer => TestBlocks.Make(producer, (ulong)i)))];
        await WriteAsync(blocks);

        var data = await ReplayData.OpenAsync(Data, CancellationToken.None);

        Assert.Equal((14, 112, 4, 2), (data.Blocks, data.Steps, data.BlockSteps, data.BlockEnvironments));
        Assert.Equal(TestBlocks.Table, data.Definition);
        Assert.Equal("box [-2, 2] x 1", Describe(data.Index.Environment!.ActionSpace!));
        await data.CheckAsync(_ => null, CancellationToken.None);
        Assert.Equal(blocks, await data.ReadAsync(CancellationToken.None).ToListAsync());
    }

    [Fact]
    public async Task Blocks_that_several_services_held_come_in_the_order_of_their_sequences_and_each_once()
    {
        ulong[] one = [1, 4, 5, 9], other = [2, 3, 4, 7];
        await WriteAsync(
            [.. one.Select(i => TestBlocks.Make("a", i)), TestBlocks.Make("b", 1), .. other.Select(i => TestBlocks.Make("a", i))]);

        var data = await ReplayData.OpenAsync(Data, CancellationToken.None);

        var read = await data.ReadAsync(CancellationToken.None).ToListAsync();
        Assert.Equal([1ul, 2, 3, 4, 5, 7, 9], read.Where(block => block.Producer == "a").Select(block => block.Sequence));
        Assert.Equal((8, 64), (data.Blocks, data.Steps));
        Assert.All(read, block => Assert.Equal(TestBlocks.Make(block.Producer, block.Sequence), block));
    }

    [Fact]
    public async Task Blocks_without_names_are_named_after_what_is_in_the_file()
    {
        await WriteAsync([TestBlocks.Make("a", 2), TestBlocks.Make("a", 3)]);
        var bytes = await File.ReadAllBytesAsync(BlocksFile);
        await RewriteHeaderAsync(bytes, header => header.Remove("__metadata__"));
        var first = await ReadAsync(Data);
        Directory.Move(Data, Path.Combine(_folder, "moved"));
        var moved = await ReadAsync(Path.Combine(_folder, "moved"));

        Assert.Equal([1ul, 2], first.Select(block => block.Sequence));
        Assert.StartsWith("sha256:", first[0].Producer, StringComparison.Ordinal);
        Assert.Equal(TestBlocks.Make("a", 3).Columns, first[1].Columns);
        Assert.Equal(first, moved);
    }

    [Fact]
    public async Task A_directory_is_data_only_when_all_of_it_was_written_and_is_never_written_over()
    {
        var cut = ReplayDataWriter.Create(Data);
        await cut.AddAsync(TestBlocks.Make("a", 1), CancellationToken.None);
        await File.WriteAllTextAsync(BlocksFile, "left behind");
        await Assert.ThrowsAsync<InvalidDataException>(() => ReplayData.OpenAsync(Data, CancellationToken.None));
        await WriteAsync([TestBlocks.Make("a", 1)]);
        Assert.Equal(1, (await ReplayData.OpenAsync(Data, CancellationToken.None)).Blocks);
        var refusal = Assert.Throws<IOException>(() => ReplayDataWriter.Create(Data));
        Assert.Contains("holds data already", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_writer_goes_on_with_the_files_that_count_and_drops_the_oldest_blocks_beyond_a_limit()
    {
        var cut = ReplayDataWriter.Create(Data);
        await AddAsync(cut, 1, 2, 3);
        await AddAsync(cut, 4);
        await AddAsync(cut, 5);

        var faults = new List<Exception>();
        var writer = await ReplayDataWriter.ContinueAsync(Data, files: 2, faults.Add, CancellationToken.None);
        Assert.Equal((2, 4L, 32L), (writer.Files, writer.Blocks, writer.Steps));
        Assert.Equal((true, false, false), (Holds("a", 4), Holds("a", 5), Holds("b", 1)));
        await AddAsync(writer, 6);
        writer.DropOldest(25);
        Assert.Equal(5, writer.Blocks);

        // Half a block is too much.
        await writer.LimitAsync(36, CancellationToken.None);
        await writer.CommitAsync(TestBlocks.Table, null, CancellationToken.None);
        Assert.Empty(faults);
        Assert.Equal([2ul, 3, 4, 6], await SequencesAsync());

        File.Delete(Path.Combine(Data, ReplayData.IndexFile));
        writer = await ReplayDataWriter.ContinueAsync(Data, files: 3, faults.Add, CancellationToken.None);
        await writer.LimitAsync(17, CancellationToken.None);
        await writer.CommitAsync(TestBlocks.Table, null, CancellationToken.None);
        Assert.Equal([4ul, 6], await SequencesAsync());

        bool Holds(string producer, ulong sequence) => writer.Holds(TestBlocks.Make(producer, sequence));
        async Task<IEnumerable<ulong>> SequencesAsync() => (await ReadAsync(Data)).Select(block => block.Sequence);
        async Task AddAsync(ReplayDataWriter target, params ulong[] sequences)
        {
            foreach (var sequence in sequences)
            {
                await target.AddAsync(TestBlocks.Make("a", sequence), CancellationToken.None);
            }

            await target.FlushAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_writer_passes_over_a_damaged_file_of_an_earlier_one()
    {
        var cut = ReplayDataWriter.Create(Data);
        foreach (var sequence in new ulong[] { 1, 2 })
        {
            await cut.AddAsync(TestBlocks.Make("a", sequence), CancellationToken.None);
            await cut.FlushAsync(CancellationToken.None);
        }

        await File.WriteAllTextAsync(BlocksFile, "left behind");
        var faults = new List<Exception>();
        var writer = await ReplayDataWriter.ContinueAsync(Data, files: 2, faults.Add, CancellationToken.None);
        await writer.AddAsync(TestBlocks.Make("a", 3), CancellationToken.None);
        await writer.CommitAsync(TestBlocks.Table, null, CancellationToken.None);

        Assert.Contains(BlocksFile, Assert.Single(faults).Message, StringComparison.Ordinal);
        Assert.Equal([2ul, 3], (await ReadAsync(Data)).Select(block => block.Sequence));
    }

    /// <summary>A change to the index, and what the refusal must say.</summary>
    public static TheoryData<string, string> BadIndices() => new()
    {
        { """{ "format": "rapid-replay-data-9", "files": ["blocks-00000.safetensors"] }""", "format: 'rapid-replay-data-9' is not known" },
        { """{ "format": "rapid-replay-data-1" }""", "files" },
        { """{ "format": "rapid-replay-data-1", "files": [] }""", "names no file" },
        { """{ "format": "rapid-replay-data-1", "files": [null] }""", "'' is not allowed" },
        { """{ "format": "rapid-replay-data-1", "files": ["../data/blocks-00000.safetensors"] }""", "is not allowed" },
        { """{ "format": "rapid-replay-data-1", "files": ["/etc/passwd"] }""", "'/etc/passwd' is not allowed" },
        { """{ "format": "rapid-replay-data-1", "files": [".blocks.safetensors"] }""", "is not allowed" },
        { """{ "format": "rapid-replay-data-1", "files": ["other.safetensors"] }""", "there is no 'other.safetensors'" },
        { """{ "format": "rapid-replay-data-1", "files": ["blocks-00000.safetensors", "blocks-00000.safetensors"] }""", "is there twice" },
        {
            """{ "format": "rapid-replay-data-1", "steps": 5, "files": ["blocks-00000.safetensors"] }""",
            "steps: 5 where the files hold 24"
        },
        { """{ "format": "rapid-replay-data-1", "definition": { "kinds": 1 }, "files": ["blocks-00000.safetensors"] }""", "definition: " },
        { "[1, 2", "cannot be understood" },
        { "", "cannot be understood" },
    };

    [Theory, MemberData(nameof(BadIndices))]
    public async Task A_bad_index_is_refused_with_one_sentence(string index, string expected)
    {
        await WriteAsync([TestBlocks.Make("a", 1), TestBlocks.Make("a", 2), TestBlocks.Make("a", 3)]);
        await File.WriteAllTextAsync(Path.Combine(Data, "replay.json"), index);

        var message = await RefusalAsync();

        Assert.Contains("replay.json", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    /// <summary>A change to the header of a file, as (tensor, field, JSON), and what the refusal must say.</summary>
    public static TheoryData<string, string, string, string> BadHeaders() => new()
    {
        { "rewards", "dtype", "\"F16\"", "column 'rewards' has the element type 'F16'" },
        { "rewards", "dtype", "7", "cannot be understood" },
        { "rewards", "dtype", "\"F64\"", "column 'rewards' lies from byte" },
        { "rewards", "dtype", "\"I32\"", "" },
        { "rewards", "shape", "[3, 4, 3]", "column 'rewards' lies from byte" },
        { "rewards", "shape", "[-3, -4, 2]", "column 'rewards' has the impossible shape" },
        { "rewards", "shape", "[4294967296, 4294967296, 4294967296]", "column 'rewards' has the impossible shape" },
        { "rewards", "shape", "[2, 6, 2]", "column 'rewards' has 2 blocks where 'observations' has 3" },
        { "rewards", "shape", "[]", "column 'rewards'" },
        { "rewards", "shape", "\"many\"", "cannot be understood" },
        { "actions", "data_offsets", "[0, 192]", "does not begin where the one before it ends" },
        { "actions", "data_offsets", "[-192, 0]", "column 'actions' lies from byte -192" },
        { "actions", "data_offsets", "[9223372036854775615, 9223372036854775807]", "column 'actions'" },
        { "final_observations", "shape", "[3, 1]", "column 'final_observations' has 3 rows where 1 steps were truncated" },
        { "terminated", "dtype", "\"BOOL\"", "" },
        { "__metadata__", "blocks", "\"[]\"", "describes 0 blocks where the columns have 3" },
        { "__metadata__", "blocks", "\"[{]\"", "the metadata 'blocks' cannot be understood" },
        { "__metadata__", "steps", "\"5000000000\"", "blocks of 5000000000 steps" },
        { "__metadata__", "steps", "\"-1\"", "allowed: whole numbers above 0" },
    };

    [Theory, MemberData(nameof(BadHeaders))]
    public async Task A_bad_header_is_refused_with_the_file_and_the_column(string tensor, string field, string value, string expected)
    {
        await WriteAsync([TestBlocks.Make("a", 1), TestBlocks.Make("a", 2), TestBlocks.Make("a", 3)]);
        await RewriteHeaderAsync(await File.ReadAllBytesAsync(BlocksFile), header => header[tensor]![field] = JsonNode.Parse(value));
        if (expected.Length == 0)
        {
            // Strange, but nothing that a table could not hold.
            await (await ReplayData.OpenAsync(Data, CancellationToken.None)).CheckAsync(_ => null, CancellationToken.None);
            return;
        }

        var message = await RefusalAsync();

        Assert.Contains("blocks-00000.safetensors: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rewards", new byte[] { 0, 0, 0xC0, 0x7F }, "block 0: column 'rewards' holds NaN at element 0")]
    [InlineData("observations", new byte[] { 0, 0, 0x80, 0x7F }, "block 0: column 'observations' holds Infinity at element 0")]
    [InlineData("terminated", new byte[] { 2 }, "block 0: column 'terminated' holds 2 at element 0 (row-major); allowed: 0 and 1")]
    [InlineData("truncated", new byte[] { 1 }, "block 0: column 'final_observations' has shape [0, 3] where 1 steps were truncated")]
    public async Task Bad_numbers_are_found_and_named(string column, byte[] value, string expected)
    {
        await WriteAsync([TestBlocks.Make("a", 1), TestBlocks.Make("a", 2)]);
        var bytes = await File.ReadAllBytesAsync(BlocksFile);
        var entry = SafeTensorHeader.Read(bytes).Tensors.Single(tensor => tensor.Name == column);
        value.CopyTo(bytes, entry.Offset);
        await File.WriteAllBytesAsync(BlocksFile, bytes);

        Assert.Contains($"blocks-00000.safetensors: {expected}", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "it has 0 bytes")]
    [InlineData(7, "it has 7 bytes")]
    [InlineData(8, "its header claims")]
    [InlineData(300, "its header claims")]
    [InlineData(-1, "its tensors end at")]
    public async Task A_file_that_was_cut_short_is_refused(int length, string expected)
    {
        await WriteAsync([TestBlocks.Make("a", 1)]);
        var bytes = await File.ReadAllBytesAsync(BlocksFile);
        await File.WriteAllBytesAsync(BlocksFile, bytes[..(length < 0 ? bytes.Length + length : length)]);
        Assert.Contains(expected, await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_that_claims_to_be_huge_costs_no_memory()
    {
        await WriteAsync([TestBlocks.Make("a", 1)]);
        await File.WriteAllBytesAsync(BlocksFile, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, (byte)'{', (byte)'}']);
        Assert.Contains("its header claims 9223372036854775807 bytes", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_of_different_blocks_are_refused()
    {
        await WriteAsync([TestBlocks.Make("a", 1)]);
        var other = TestBlocks.Make("b", 1);
        other.Columns.RemoveAt(1);
        await BlockFile.WriteAsync(Path.Combine(Data, "more.safetensors"), [other], [], WritePace.Unlimited, CancellationToken.None);
        await File.WriteAllTextAsync(
            Path.Combine(Data, "replay.json"),
            """{ "format": "rapid-replay-data-1", "files": ["blocks-00000.safetensors", "more.safetensors"] }""");
        Assert.Contains("more.safetensors: its blocks are", await RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_happens_to_a_file_the_refusal_is_a_sentence()
    {
        await WriteAsync([TestBlocks.Make("a", 1), TestBlocks.Make("a", 2), TestBlocks.Make("a", 3)]);
        var good = await File.ReadAllBytesAsync(BlocksFile);
        var random = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            var bad = good[..(good.Length - random.Next(3))];
            bad[random.Next(bad.Length)] = (byte)random.Next(256);
            await File.WriteAllBytesAsync(BlocksFile, bad);
            try
            {
                await (await ReplayData.OpenAsync(Data, CancellationToken.None)).CheckAsync(_ => null, CancellationToken.None);
            }
            catch (InvalidDataException error)
            {
                Assert.Contains("blocks-00000.safetensors", error.Message, StringComparison.Ordinal);
            }
        }
    }

    private static string Describe(SpaceEntry space) => $"{space.Kind} [{space.Low![0]}, {space.High![0]}] x {space.Size}";

    private static async Task<List<Trajectory>> ReadAsync(string directory) =>
        await (await ReplayData.OpenAsync(directory, CancellationToken.None)).ReadAsync(CancellationToken.None).ToListAsync();

    private async Task WriteAsync(Trajectory[] blocks)
    {
        var writer = ReplayDataWriter.Create(Data);
        foreach (var block in blocks)
        {
            await writer.AddAsync(block, CancellationToken.None);
        }

        var origin = EnvironmentEntry.Of(
            new EnvironmentOptions { Name = "Pendulum-v1" }, new BoxSpace([-1, -1, -8], [1, 1, 8]), BoxSpace.Uniform(1, -2, 2));
        await writer.CommitAsync(TestBlocks.Table, origin, CancellationToken.None);
    }

    private async Task<string> RefusalAsync() => (await Assert.ThrowsAsync<InvalidDataException>(async () =>
    {
        var data = await ReplayData.OpenAsync(Data, CancellationToken.None);
        await data.CheckAsync(_ => null, CancellationToken.None);
    })).Message;

    private async Task RewriteHeaderAsync(byte[] file, Action<JsonObject> change)
    {
        var length = (int)BitConverter.ToUInt64(file);
        var header = JsonNode.Parse(file.AsSpan(8, length))!.AsObject();
        change(header);
        var text = Encoding.UTF8.GetBytes(header.ToJsonString(new JsonSerializerOptions()));
        await File.WriteAllBytesAsync(BlocksFile, [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. file[(8 + length)..]]);
    }
}
