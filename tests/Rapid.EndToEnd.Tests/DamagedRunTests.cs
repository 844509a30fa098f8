using System.Diagnostics;

namespace Rapid.EndToEnd.Tests;

/// <summary>What a power cut or a bad disk left of a run's files stops nothing but that run.</summary>
public sealed class DamagedRunTests : IDisposable
{
    private const string Tiny =
        """
        environment: { name: CartPole-v1 }
        total_steps: 1024
        actors: { count: 1, environments: 2 }
        algorithm: { rollout_steps: 64 }
        evaluation: { interval_steps: 0, final_episodes: 1 }
        checkpoint: { interval_steps: 256 }
        """;

    private static readonly string[] Damages = ["", "{", "[]", "null", "{}", "{\"spec\": 3}", "{\"spec\": {\"a\": 1, \"a\": 2}}", "\u0001\u0000"];

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Damaged_runs_in_a_folder_stop_neither_training_nor_a_comparison_nor_the_list()
    {
        for (var i = 0; i < Damages.Length; i++)
        {
            var path = Directory.CreateDirectory(Path.Combine(_folder.Runs, $"damaged-{i}")).FullName;
            File.WriteAllText(Path.Combine(path, "run.json"), Damages[i]);
            File.WriteAllText(Path.Combine(path, "state.json"), i % 2 == 0 ? "{ \"state\": \"running\" }" : "");
            File.WriteAllText(Path.Combine(path, "metrics.jsonl"), Damages[i]);
        }

        var spec = _folder.Spec("name: whole\n" + Tiny);
        var (trained, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec);
        Assert.True(trained == 0, output);
        var run = new RunFolder(Path.Combine(_folder.Runs, "whole-s1"));
        Assert.Equal("finished", run.State);

        // A finished run without its figures is of no use to a comparison, which makes another.
        File.WriteAllText(Path.Combine(run.Path, "metrics.jsonl"), "");
        for (var call = 0; call < 2; call++)
        {
            var (compared, report) = await RapidProcess.RunAsync(_folder.Path, "compare", spec, "--seeds", "1");
            Assert.True(compared == 0, report);
            Assert.Equal(call == 0, report.Contains("training it again", StringComparison.Ordinal));
            Assert.Equal("finished", new RunFolder(Path.Combine(_folder.Runs, "whole-s1-2")).State);
            Assert.Equal(Damages.Length + 2, Directory.GetDirectories(_folder.Runs).Length);
        }

        await using var cluster = ClusterProcesses.Start(_folder.Path, actors: 0);
        var (listed, list) = (3, "");
        var limit = DateTime.UtcNow.AddMinutes(2);
        while (listed == 3 && DateTime.UtcNow < limit)
        {
            // Exit code 3 says that the learner does not answer yet.
            await using var client = cluster.Client("list");
            (listed, list) = (await client.WaitAsync(), client.Output);
        }

        Assert.True(listed == 0 && list.Contains("whole-s1-2", StringComparison.Ordinal), list + cluster.Story);
    }

    [Fact]
    public async Task A_run_whose_state_and_versions_were_lost_goes_on_from_its_checkpoint()
    {
        var spec = _folder.Spec(Tiny);
        var (trained, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec);
        Assert.True(trained == 0, output);
        var run = RunFolder.Single(_folder.Runs);
        Directory.Delete(Path.Combine(run.Path, "checkpoints", run.Checkpoints[^1]), recursive: true);
        File.WriteAllText(Path.Combine(run.Path, "state.json"), "");
        File.WriteAllText(Path.Combine(run.Path, "versions"), "");
        (trained, output) = await RapidProcess.RunAsync(_folder.Path, "train", spec);
        Assert.True(trained == 0, output);
        Assert.Contains("going on with", output, StringComparison.Ordinal);
        Assert.Equal("finished", run.State);
    }

    /// <summary>A library between the process and libc writes down what it flushes and renames.</summary>
    [Fact]
    public async Task Every_file_of_a_run_is_on_disk_before_it_has_its_name_and_the_name_before_the_run_goes_on()
    {
        const string Recorder =
            """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <unistd.h>
            static void note(const char *what, const char *path) {
                FILE *log = fopen(getenv("RECORDED"), "a");
                if (log) { fprintf(log, "%s %s\n", what, path); fclose(log); }
            }
            int fsync(int fd) {
                char link[64], path[4096];
                snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
                ssize_t length = readlink(link, path, sizeof path - 1);
                if (length > 0) { path[length] = 0; note("flush", path); }
                return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
            }
            int rename(const char *from, const char *to) {
                note("rename", from);
                note("to", to);
                return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
            }
            """;
        using var folder = new RecorderFolder();
        var (source, library, recorded) = (folder.At("recorder.c"), folder.At("recorder.so"), folder.At("recorded"));
        File.WriteAllText(source, Recorder);
        using var compiler = Process.Start("cc", ["-shared", "-fPIC", "-o", library, source, "-ldl"]);
        await compiler.WaitForExitAsync();
        Assert.Equal(0, compiler.ExitCode);

        var variables = new Dictionary<string, string> { ["LD_PRELOAD"] = library, ["RECORDED"] = recorded };
        await using var train = RapidProcess.Start(_folder.Path, ["train", _folder.Spec(Tiny)], variables);
        Assert.True(await train.WaitAsync() == 0, train.Output);
        var run = RunFolder.Single(_folder.Runs).Path;
        var log = File.ReadAllLines(recorded).Select(line => line.Split(' ', 2)).Select(words => (What: words[0], Path: words[1])).ToList();
        var named = new HashSet<string>();
        for (var i = 0; i + 1 < log.Count; i++)
        {
            var (from, to) = (log[i].Path, log[i + 1].Path);
            if (log[i].What != "rename" || !to.StartsWith(run + "/", StringComparison.Ordinal))
            {
                continue;
            }

            string[] files = Directory.Exists(to) || from.Contains(".writing-", StringComparison.Ordinal)
                ? [.. ((string[])["model.safetensors", "state.json", "SHA256SUMS"]).Select(name => $"{from}/{name}"), from]
                : [from];
            Assert.All(files, file => Assert.Contains(("flush", file), log[..i]));
            Assert.Equal(("flush", Path.GetDirectoryName(to)!), log[(i + 2)..].First(entry => entry.What is "flush" or "rename"));
            named.Add(Path.GetFileName(to));
        }

        Assert.Superset(
            new HashSet<string> { "run.json", "state.json", "versions", "step-000000000256", "step-000000001024" }, named);
    }

    /// <summary>A path without the spaces that separate libraries in LD_PRELOAD.</summary>
    private sealed class RecorderFolder : IDisposable
    {
        private readonly string _path = Directory.CreateTempSubdirectory("rapid-recorder-").FullName;

        public string At(string name) => Path.Combine(_path, name);

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
