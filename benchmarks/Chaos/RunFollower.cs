using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Hosting;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Benchmarks;

/// <summary>How far the training has come: which of its runs, and its step.</summary>
internal readonly record struct Progress(int Run, long Step) : IComparable<Progress>
{
    /// <inheritdoc/>
    public int CompareTo(Progress other) => (Run, Step).CompareTo((other.Run, other.Step));
}

/// <summary>Submits runs one after the other, and subscribes to the policies of the one that is trained.</summary>
internal sealed class RunFollower : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly string _runs;
    private readonly Func<int, RunPlan?> _plans;
    private readonly Action<string> _say;
    private readonly GrpcChannel _channel;
    private readonly Experiments.ExperimentsClient _experiments;
    private readonly Protocol.V1.Policies.PoliciesClient _policies;
    private readonly List<(RunPlan Plan, RunFolder Folder)> _followed = [];
    private readonly List<string> _problems = [];
    private Progress _progress = new(-1, 0);
    private long _floor, _newest, _version;

    /// <param name="learner">Where the learner is.</param>
    /// <param name="runs">The learner's folder of runs.</param>
    /// <param name="plans">What the n-th run is; null when there are to be no more.</param>
    /// <param name="say">Hears which run is trained.</param>
    public RunFollower(string learner, string runs, Func<int, RunPlan?> plans, Action<string> say)
    {
        (_runs, _plans, _say) = (runs, plans, say);
        _channel = Channels.Open(ServiceAddress.Parse(learner), new ServiceOptions { Listen = [], Token = ClusterProcesses.Token });
        (_experiments, _policies) = (new Experiments.ExperimentsClient(_channel), new Protocol.V1.Policies.PoliciesClient(_channel));
    }

    /// <summary>Raised when training has come further than ever before.</summary>
    public event Action<Progress>? Advanced;

    /// <summary>The furthest that training has come.</summary>
    public Progress Furthest
    {
        get
        {
            lock (_gate)
            {
                return _progress;
            }
        }
    }

    /// <summary>The run that is trained, or that was the last; null before the first.</summary>
    public (RunPlan Plan, RunFolder Folder)? Newest
    {
        get
        {
            lock (_gate)
            {
                return _followed.Count == 0 ? null : _followed[^1];
            }
        }
    }

    /// <summary>Whether an update is still to come in the run that is trained.</summary>
    public bool IsTraining => Newest is { } run && Furthest.Step < run.Plan.Steps;

    /// <summary>The learner is dead, or about to begin again: from where it has to go on at least.</summary>
    /// <param name="step">The newest checkpoint that can be used.</param>
    public void NoteFloor(long step)
    {
        lock (_gate)
        {
            _floor = step;
        }
    }

    /// <summary>Follows run after run until there are no more.</summary>
    public async Task FollowAsync(CancellationToken cancellation)
    {
        for (var number = 0; _plans(number) is { } plan; number++)
        {
            var folder = new RunFolder(Path.Combine(_runs, await SubmitAsync(plan, cancellation)));
            lock (_gate)
            {
                _followed.Add((plan, folder));
                (_progress, _floor, _newest, _version) = (new Progress(number, 0), 0, 0, 0);
            }

            _say($"{plan.Name} begins");
            Advanced?.Invoke(new Progress(number, 0));
            while (folder.State is not ("finished" or "failed" or "cancelled"))
            {
                await SubscribeAsync(number, Path.GetFileName(folder.Path), cancellation);
                await Task.Delay(Pause, cancellation);
            }

            _say($"{plan.Name} is {folder.State}");
        }
    }

    /// <summary>What is not as it must be of all runs.</summary>
    public IReadOnlyList<string> Check()
    {
        lock (_gate)
        {
            return [.. _problems, .. _followed.SelectMany(run => Check(run.Plan, run.Folder))];
        }
    }

    /// <summary>How the runs ended, a line each.</summary>
    public IReadOnlyList<string> Summary()
    {
        lock (_gate)
        {
            return
            [
                .. from run in _followed
                   let step = run.Folder.TrainingSteps().LastOrDefault()
                   select string.Create(
                       CultureInfo.InvariantCulture,
                       $"{run.Plan.Name}: {run.Folder.State} at step {step}, return {ReturnOf(run.Folder):F0}"),
            ];
        }
    }

    public void Dispose() => _channel.Dispose();

    private static double? ReturnOf(RunFolder folder) => (double?)folder.Evaluations().LastOrDefault()?["return_mean"];

    private static IEnumerable<string> Check(RunPlan plan, RunFolder folder)
    {
        if (folder.State != "finished")
        {
            yield return $"{plan.Name} is {folder.State}";
            yield break;
        }

        var (steps, evaluation) = (folder.TrainingSteps(), folder.Evaluations().LastOrDefault());
        if (!steps.SequenceEqual(steps.Distinct().Order()))
        {
            yield return $"{plan.Name}: an update is there twice: steps {string.Join(' ', steps)}";
        }

        if (steps.LastOrDefault() != plan.Steps || (long?)evaluation?["step"] != plan.Steps)
        {
            yield return $"{plan.Name} ended at step {steps.LastOrDefault()}, its last score is of {evaluation?["step"]}; not {plan.Steps}";
        }

        if (!(ReturnOf(folder) >= plan.LeastReturn))
        {
            yield return string.Create(
                CultureInfo.InvariantCulture, $"{plan.Name} ended with a return of {ReturnOf(folder)}, not {plan.LeastReturn} or more");
        }
    }

    /// <summary>Submits a run once: the learner may have taken it although its answer was lost.</summary>
    private async Task<string> SubmitAsync(RunPlan plan, CancellationToken cancellation)
    {
        var spec = SpecWriter.ToMessage(SpecReader.ReadYaml(plan.Spec));
        while (true)
        {
            try
            {
                var known = await _experiments.ListAsync(new ListRequest(), cancellationToken: cancellation);
                return known.Experiments.FirstOrDefault(experiment => experiment.Name == plan.Name)?.Id
                    ?? (await _experiments.SubmitAsync(new SubmitRequest { Spec = spec }, cancellationToken: cancellation)).Id;
            }
            catch (RpcException error) when (Resilience.IsTransient(error) && !cancellation.IsCancellationRequested)
            {
                await Task.Delay(Pause, cancellation);
            }
        }
    }

    private async Task SubscribeAsync(int number, string id, CancellationToken cancellation)
    {
        try
        {
            using var call = _policies.Subscribe(new SubscribeRequest { Experiment = id }, cancellationToken: cancellation);
            for (var isFirst = true; await call.ResponseStream.MoveNext(cancellation); isFirst = false)
            {
                Hear(number, call.ResponseStream.Current, isFirst);
            }
        }
        catch (Exception error) when (Resilience.IsBrokenCall(error) && !cancellation.IsCancellationRequested)
        {
            // The learner is away, or does not know the run yet.
        }
    }

    /// <summary>Versions grow whatever happens; steps do unless the learner began again, and then they go back to its checkpoint.</summary>
    private void Hear(int number, PolicySnapshot snapshot, bool isFirst)
    {
        var (progress, isNew) = (new Progress(number, snapshot.Step), false);
        lock (_gate)
        {
            if (snapshot.Version < _version || (snapshot.Version == _version && !isFirst))
            {
                _problems.Add($"policy version {snapshot.Version} came after {_version}");
            }

            if (snapshot.Step < _newest && snapshot.Step < _floor)
            {
                _problems.Add($"step {snapshot.Step} came after {_newest}, and there was a checkpoint of {_floor}");
            }

            (_version, _newest) = (snapshot.Version, snapshot.Step);
            if (progress.CompareTo(_progress) > 0)
            {
                (_progress, isNew) = (progress, true);
            }
        }

        if (isNew)
        {
            Advanced?.Invoke(progress);
        }
    }
}
