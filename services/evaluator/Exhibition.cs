using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Grpc.Core;
using Rapid.Environments.Rendering;
using Rapid.Hosting;
using Rapid.Protocol.Specs;
using Rapid.Protocol.V1;

namespace Rapid.Evaluator;

/// <summary>
/// Shows the newest policy to those who watch: its evaluation's episodes once more, at the speed of life. All watchers see the same
/// pictures, which are drawn once, by an environment and a policy of their own that exist only while somebody watches; scoring goes on
/// beside it.
/// </summary>
public sealed class Exhibition : IDisposable
{
    /// <summary>Watchers at a time; further ones are refused.</summary>
    public const int MostWatchers = 32;

    private readonly Lock _gate = new();
    private readonly List<Channel<EvaluationFrame>> _watchers = [];
    private readonly ChangeSignal _changes = new();
    private Exhibit? _exhibit;
    private CancellationTokenSource? _stop;

    /// <summary>Says what there is to see from the next episode on, whatever run was shown before; costs nothing.</summary>
    /// <param name="spec">Of the run.</param>
    /// <param name="snapshot">The policy; not changed any more.</param>
    public void Show(ExperimentOptions spec, PolicySnapshot snapshot) => Change(new Exhibit(spec, snapshot));

    /// <summary>Of a run there is nothing to see any more after the episode that is shown.</summary>
    /// <param name="spec">Of the run, the same object as it was shown with.</param>
    public void Close(ExperimentOptions spec)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_exhibit?.Spec, spec))
            {
                Change(null);
            }
        }
    }

    /// <summary>Pictures for one watcher, the newest one first when it is slow.</summary>
    /// <param name="cancellation">The watcher goes.</param>
    /// <exception cref="RpcException">There are too many watchers, or the environment cannot be drawn.</exception>
    public async IAsyncEnumerable<EvaluationFrame> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var frames = Channel.CreateBounded<EvaluationFrame>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        Enter(frames);
        try
        {
            await foreach (var frame in frames.Reader.ReadAllAsync(cancellation))
            {
                yield return frame;
            }
        }
        finally
        {
            Leave(frames);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            End();
        }
    }

    private void Change(Exhibit? exhibit)
    {
        lock (_gate)
        {
            _exhibit = exhibit;
            _changes.Raise();
        }
    }

    private void Enter(Channel<EvaluationFrame> watcher)
    {
        lock (_gate)
        {
            if (_watchers.Count >= MostWatchers)
            {
                throw new RpcException(new Status(StatusCode.ResourceExhausted, $"{MostWatchers} watch already; no more are allowed"));
            }

            _watchers.Add(watcher);
            if (_stop is null)
            {
                _stop = new CancellationTokenSource();
                var token = _stop.Token;
                _ = Task.Run(() => PlayAsync(token), CancellationToken.None);
            }
        }
    }

    private void Leave(Channel<EvaluationFrame> watcher)
    {
        lock (_gate)
        {
            if (_watchers.Remove(watcher) && _watchers.Count == 0)
            {
                End();
            }
        }
    }

    /// <summary>The player stops by itself; a watcher who comes meanwhile gets another one.</summary>
    private void End()
    {
        _stop?.Cancel();
        _stop?.Dispose();
        _stop = null;
    }

    private async Task PlayAsync(CancellationToken stop)
    {
        ExhibitionPlayer? player = null;
        try
        {
            for (uint episode = 0; ; episode++)
            {
                var exhibit = await NextAsync(stop);
                if (player?.Spec != exhibit.Spec)
                {
                    player?.Dispose();
                    (player, episode) = (null, 0);
                    player = new ExhibitionPlayer(exhibit.Spec);
                }

                await player.PlayAsync(exhibit.Snapshot, episode, frame => Publish(frame, stop), stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Nobody watches any more.
        }
        catch (Exception error)
        {
            Fail(error, stop);
        }
        finally
        {
            player?.Dispose();
        }
    }

    private async Task<Exhibit> NextAsync(CancellationToken stop)
    {
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            Task changed;
            lock (_gate)
            {
                if (_exhibit is not null)
                {
                    return _exhibit;
                }

                changed = _changes.Next;
            }

            await changed.WaitAsync(stop);
        }
    }

    private void Publish(EvaluationFrame frame, CancellationToken stop)
    {
        lock (_gate)
        {
            // A player that was stopped in the middle of a picture has no watchers any more; those that there are have another one.
            if (!stop.IsCancellationRequested)
            {
                _watchers.ForEach(watcher => watcher.Writer.TryWrite(frame));
            }
        }
    }

    /// <summary>Tells the watchers why there is nothing to see; the next one tries again.</summary>
    private void Fail(Exception error, CancellationToken stop)
    {
        var code = error is RenderingException or NotSupportedException ? StatusCode.FailedPrecondition : StatusCode.Internal;
        lock (_gate)
        {
            if (!stop.IsCancellationRequested)
            {
                _watchers.ForEach(watcher => watcher.Writer.TryComplete(new RpcException(new Status(code, error.Message))));
                _watchers.Clear();
                End();
            }
        }
    }

    private sealed record Exhibit(ExperimentOptions Spec, PolicySnapshot Snapshot);
}
