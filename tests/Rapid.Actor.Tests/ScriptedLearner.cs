using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Actor.Tests;

/// <summary>A real gRPC server in the place of the learner, which hands out the assignments and policies that a test says.</summary>
internal sealed class ScriptedLearner : IAsyncDisposable
{
    private readonly Sockets _sockets;
    private readonly State _state = new();
    private WebApplication? _app;

    private ScriptedLearner(Sockets sockets) => _sockets = sockets;

    /// <summary>Who has enlisted, one entry a call.</summary>
    public IReadOnlyList<EnlistRequest> Enlisted => [.. _state.Enlisted];

    /// <summary>Slots that were reported to fail, one entry a report.</summary>
    public IReadOnlyList<SlotFailure> Failures => [.. _state.Failures];

    /// <summary>Slots that were taken over, one entry a call.</summary>
    public IReadOnlyList<TakeOverRequest> TakenOver => [.. _state.TakenOver];

    /// <summary>Calls that are open now.</summary>
    public int Leases => _state.Leases;

    public static async Task<ScriptedLearner> StartAsync(Sockets sockets)
    {
        var learner = new ScriptedLearner(sockets);
        await learner.StartAgainAsync();
        return learner;
    }

    public void Assign(Assignment assignment) => _state.Assignment.Set(assignment);

    public void Publish(PolicySnapshot snapshot) => _state.Policy.Set(snapshot);

    /// <summary>What every slot is in the middle of at a policy version; until then, nothing at the version that is asked for.</summary>
    public void SetGames(long version, params GameRecord[] games) => _state.Games = (version, games);

    public async Task StartAgainAsync()
    {
        _app = RapidHost.Build(
            "learner",
            _sockets.Options("learner"),
            services => services.AddSingleton(_state),
            app =>
            {
                app.MapGrpcService<AssignmentsService>();
                app.MapGrpcService<PoliciesService>();
            },
            LogLevel.Critical);
        await _app.StartAsync();
    }

    public async Task StopAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await StopAsync();
        }
    }

    private sealed class State
    {
        public int Leases;

        public ConcurrentQueue<EnlistRequest> Enlisted { get; } = new();

        public ConcurrentQueue<SlotFailure> Failures { get; } = new();

        public ConcurrentQueue<TakeOverRequest> TakenOver { get; } = new();

        public (long Version, GameRecord[] Games)? Games { get; set; }

        public Newest<Assignment> Assignment { get; } = new();

        public Newest<PolicySnapshot> Policy { get; } = new();
    }

    /// <summary>A value that others follow; nobody queues.</summary>
    private sealed class Newest<T>
        where T : class
    {
        private volatile Tuple<T?, TaskCompletionSource> _current = Tuple.Create<T?, TaskCompletionSource>(null, new());

        public void Set(T value)
        {
            var before = _current;
            _current = Tuple.Create<T?, TaskCompletionSource>(value, new(TaskCreationOptions.RunContinuationsAsynchronously));
            before.Item2.SetResult();
        }

        public async IAsyncEnumerable<T> FollowAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            while (true)
            {
                var (value, changed) = _current;
                if (value is not null)
                {
                    yield return value;
                }

                await changed.Task.WaitAsync(cancellation);
            }
        }
    }

    private sealed class AssignmentsService(State state, CallLifetime lifetime) : Assignments.AssignmentsBase
    {
        public override Task<SlotFailureReceipt> ReportFailure(SlotFailure request, ServerCallContext context)
        {
            state.Failures.Enqueue(request);
            return Task.FromResult(new SlotFailureReceipt());
        }

        public override async Task TakeOver(
            TakeOverRequest request, IServerStreamWriter<TakeOverReply> responseStream, ServerCallContext context)
        {
            state.TakenOver.Enqueue(request);
            var (version, games) = state.Games ?? (request.Version, []);
            await responseStream.WriteAsync(new TakeOverReply { Version = version, Environments = (uint)games.Length });
            foreach (var game in games)
            {
                // Its actions in two parts, as those of long games come.
                var half = game.Actions.Length / 8 * 4;
                var (first, second) = (game.Clone(), new GameRecord { Actions = ByteString.CopyFrom(game.Actions.Span[half..]) });
                first.Actions = ByteString.CopyFrom(game.Actions.Span[..half]);
                await responseStream.WriteAsync(new TakeOverReply { Game = first });
                await responseStream.WriteAsync(new TakeOverReply { Game = second });
            }
        }

        public override async Task Enlist(EnlistRequest request, IServerStreamWriter<Assignment> responseStream, ServerCallContext context)
        {
            state.Enlisted.Enqueue(request);
            Interlocked.Increment(ref state.Leases);
            try
            {
                await lifetime.RunAsync(context, async ended =>
                {
                    await foreach (var assignment in state.Assignment.FollowAsync(ended))
                    {
                        await responseStream.WriteAsync(assignment, ended);
                    }
                });
            }
            finally
            {
                Interlocked.Decrement(ref state.Leases);
            }
        }
    }

    private sealed class PoliciesService(State state, CallLifetime lifetime) : Protocol.V1.Policies.PoliciesBase
    {
        public override Task Subscribe(
            SubscribeRequest request, IServerStreamWriter<PolicySnapshot> responseStream, ServerCallContext context) =>
            lifetime.RunAsync(context, async ended =>
            {
                await foreach (var snapshot in state.Policy.FollowAsync(ended))
                {
                    await responseStream.WriteAsync(snapshot, ended);
                }
            });
    }
}
