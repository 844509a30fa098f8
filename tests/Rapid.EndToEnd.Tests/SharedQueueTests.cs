using Rapid.Protocol.V1;

namespace Rapid.EndToEnd.Tests;

/// <summary>Several learners on one queue.</summary>
public sealed class SharedQueueTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_learners_train_each_run_once_and_answer_for_each_other_also_when_Redis_forgets_everything()
    {
        const int BatchSteps = 2 * 2 * 64, Batches = 40;
        var specs = Enumerable.Range(1, 4).Select(seed => _folder.Spec(
            $$"""
            environment: { name: CartPole-v1 }
            seed: {{seed}}
            total_steps: {{BatchSteps * Batches}}
            actors: { count: 2, environments: 2 }
            algorithm: { name: ppo, rollout_steps: 64 }
            replay: { store: memory }
            evaluation: { interval_steps: 0, final_episodes: 2 }
            """)).ToList();
        var endless = _folder.Spec("{ environment: { name: CartPole-v1 }, total_steps: 1e12, evaluation: { interval_steps: 0 } }");
        await using var services = Start("actor 0", "actor 1");
        var ids = new List<string>();
        foreach (var spec in specs)
        {
            ids.Add(await services.SubmitAsync(spec));
        }

        var runs = ids.ConvertAll(id => new RunFolder(Path.Combine(_folder.Runs, id)));
        await services.UntilAsync(() => runs.Count(run => run.TrainingSteps().Length > 1) > 1);
        await services.KillAsync("redis");
        services.Start("redis");

        // Every run is finished, by one learner, and both have learned something.
        await services.UntilAsync(() => runs.All(run => run.State is "finished" or "failed"));
        foreach (var run in runs)
        {
            Assert.True(run.State == "finished", services.Story);
            Assert.Equal(Enumerable.Range(1, Batches).Select(update => (long)update * BatchSteps), run.TrainingSteps());
            var id = run.Json["id"]!.ToString();
            Assert.Equal(1, services.Turns("learner 0", id) + services.Turns("learner 1", id));
        }

        // The evaluator, which may have come late, serves both.
        Assert.All(runs.Skip(2), run => Assert.Single(run.Evaluations()));
        Assert.Contains(ids, id => services.Turns("learner 0", id) == 1);
        Assert.Contains(ids, id => services.Turns("learner 1", id) == 1);

        // Whoever trains it, both show it, and both can stop it.
        var last = await services.SubmitAsync(endless);
        await services.UntilAsync(() => services.Turns("learner 0", last) + services.Turns("learner 1", last) == 1);
        var other = services.Turns("learner 0", last) == 1 ? 1 : 0;
        using var watch = services.Client(other).Watch(new WatchRequest { Id = last });
        while (await watch.ResponseStream.MoveNext(CancellationToken.None) && watch.ResponseStream.Current.Metrics is null)
        {
        }

        Assert.Equal("train", watch.ResponseStream.Current.Metrics!.Kind);
        await services.Client(other).CancelAsync(new CancelRequest { Id = last });
        var end = ExperimentState.Running;
        while (await watch.ResponseStream.MoveNext(CancellationToken.None))
        {
            end = watch.ResponseStream.Current.Experiment?.State ?? end;
        }

        Assert.Equal(ExperimentState.Cancelled, end);
        for (var learner = 0; learner < 2; learner++)
        {
            var list = (await services.Client(learner).ListAsync(new ListRequest())).Experiments;
            Assert.Equal(
                [.. ids.Select(id => (id, ExperimentState.Finished)), (last, ExperimentState.Cancelled)],
                list.Select(experiment => (experiment.Id, experiment.State)));
            Assert.All(list.SkipLast(1), experiment => Assert.Equal(experiment.TotalSteps, experiment.Step));
        }
    }

    [Fact]
    public async Task A_run_goes_on_with_the_other_learner_when_its_own_freezes_or_dies()
    {
        const int BatchSteps = 2 * 64, Batches = 250;
        var spec = _folder.Spec(
            $$"""
            environment: { name: CartPole-v1 }
            total_steps: {{BatchSteps * Batches}}
            actors: { count: 1, environments: 2 }
            algorithm: { name: ppo, rollout_steps: 64 }
            replay: { store: memory }
            evaluation: { interval_steps: 0, final_episodes: 1 }
            checkpoint: { interval_steps: {{20 * BatchSteps}} }
            """);
        await using var services = Start("actor 0");
        var id = await services.SubmitAsync(spec);
        await using var watch = services.Command("watch", id);
        var run = new RunFolder(Path.Combine(_folder.Runs, id));
        await services.UntilAsync(() => run.TrainingSteps().Length > 25);
        var (first, second) = services.Turns("learner 0", id) == 1 ? ("learner 0", "learner 1") : ("learner 1", "learner 0");
        var epoch = SharedLearners.EpochOf(run);

        // One that is frozen loses the run, and does not know it before it goes on.
        services[first].Freeze();
        services.Start("actor 1", services.Addresses[second[^1] - '0']);
        await services.UntilAsync(() => services.Turns(second, id) == 1);
        services[first].Continue();
        await services.UntilAsync(() => services[first].Output.Contains($"{id} is broken off", StringComparison.Ordinal));
        await services.UntilAsync(() => SharedLearners.EpochOf(run) > epoch);

        // One that is killed loses it, too, and the other is still there.
        var updates = run.TrainingSteps().Length;
        await services.UntilAsync(() => run.TrainingSteps().Length > updates);
        await services.KillAsync(second);
        for (var least = 50; least < Batches; least += 50)
        {
            // However slow the machine is.
            await services.UntilAsync(() => run.TrainingSteps().Length >= least || run.State == "failed");
        }

        await services.UntilAsync(() => run.State is "finished" or "failed");

        Assert.True(run.State == "finished", services.Story);
        Assert.Equal(2, services.Turns(first, id));
        Assert.Equal(Enumerable.Range(1, Batches).Select(update => (long)update * BatchSteps), run.TrainingSteps());
        Assert.Empty(Directory.GetDirectories(Path.Combine(run.Path, "checkpoints"), ".writing-*"));
        Assert.True(await watch.WaitAsync() == 0, watch.Output + services.Story);
        Assert.Contains($"finished {id}", watch.Output, StringComparison.Ordinal);
    }

    private SharedLearners Start(params string[] actors)
    {
        var services = new SharedLearners(_folder.Path);
        string[] all = ["redis", "replay", "learner 0", "learner 1", "evaluator"];
        foreach (var name in all.Concat(actors))
        {
            services.Start(name);
        }

        return services;
    }
}
