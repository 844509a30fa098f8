using Google.Protobuf;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Environments.Rendering;
using Rapid.Environments.Rendering.Pictures;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;
using Rapid.Specs;

namespace Rapid.Evaluator;

/// <summary>Plays episodes in real time and draws them.</summary>
internal sealed class ExhibitionPlayer : IDisposable
{
    /// <summary>Pictures a second.</summary>
    public const int Rate = 15;

    private const int PictureHeight = 320;

    private readonly IEnvironment _environment;
    private readonly FrozenPolicy _policy;
    private readonly IRenderer _renderer;
    private readonly double _stepsPerPicture;
    private readonly float[] _observation, _action;
    private readonly byte[] _pixels;

    /// <param name="spec">Environment and network.</param>
    /// <exception cref="NotSupportedException">The environment cannot be drawn.</exception>
    /// <exception cref="RenderingException">This machine cannot draw.</exception>
    public ExhibitionPlayer(ExperimentOptions spec)
    {
        Spec = spec;
        _environment = EnvironmentFactory.CreateForEvaluation(spec.Environment);
        _policy = new FrozenPolicy(
            _environment.ObservationSpace, _environment.ActionSpace, spec.Evaluation.Deterministic, spec.Actors.Threads);
        try
        {
            var renderable = _environment.Renderable
                ?? throw new NotSupportedException($"{spec.Environment.Name} cannot be drawn: its environment is no {nameof(IRenderable)}");
            _renderer = renderable.CreateRenderer(RenderOptions.Of(renderable, PictureHeight));
            _stepsPerPicture = renderable.StepsPerSecond / Rate;
        }
        catch
        {
            _policy.Dispose();
            _environment.Dispose();
            throw;
        }

        (_observation, _action) = (new float[_environment.ObservationSpace.Size], new float[_environment.ActionSpace.Size]);
        _pixels = new byte[_renderer.Width * _renderer.Height * 3];
    }

    /// <summary>What it was made for.</summary>
    public ExperimentOptions Spec { get; }

    /// <summary>Plays one episode of an evaluation.</summary>
    /// <param name="snapshot">Whose.</param>
    /// <param name="episode">From 0.</param>
    /// <param name="show">Takes the pictures, at their time.</param>
    /// <param name="stop">Checked for every picture.</param>
    public async Task PlayAsync(PolicySnapshot snapshot, uint episode, Action<EvaluationFrame> show, CancellationToken stop)
    {
        _policy.Load(snapshot);
        var random = PolicyEvaluator.RandomOf(Spec.Seed, (int)episode);
        RandomStream[] noise = [random];
        _environment.Reset(random, _observation);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / Rate));
        var (score, steps, isOver) = (0.0, 0u, false);
        for (var due = 0.0; !isOver; due += _stepsPerPicture)
        {
            for (; steps < due && !isOver; steps++)
            {
                _policy.Act(_observation, isFirst: steps == 0, noise, _action);
                var result = _environment.Step(_action, _observation);
                score += result.RawReward;
                isOver = result.Terminated || result.Truncated;
            }

            _renderer.Render(_pixels);
            show(new EvaluationFrame
            {
                Experiment = snapshot.Experiment,
                PolicyVersion = snapshot.Version,
                Step = snapshot.Step,
                Episode = episode,
                EpisodeStep = steps,
                EpisodeReturn = score,
                Width = (uint)_renderer.Width,
                Height = (uint)_renderer.Height,
                Png = UnsafeByteOperations.UnsafeWrap(Png.Encode(_pixels, _renderer.Width, PngEffort.Little)),
            });
            await timer.WaitForNextTickAsync(stop);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _renderer.Dispose();
        _policy.Dispose();
        _environment.Dispose();
    }
}
