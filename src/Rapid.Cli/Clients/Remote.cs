using System.Diagnostics;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Rapid.Cli.Terminal;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Cli.Clients;

/// <summary>Learners somewhere that share a queue, or the only one, as the client commands see them: any of them answers for all. Failures
/// are sentences.</summary>
internal sealed class Remote : IDisposable
{
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(15), ProbeTime = TimeSpan.FromSeconds(3);

    // Longer than a learner takes to start on a crowded machine, or a cluster to give its pod another place.
    private static readonly TimeSpan LearnerPatience = TimeSpan.FromMinutes(2), Pause = TimeSpan.FromMilliseconds(500);

    private readonly IReadOnlyList<ServiceAddress> _addresses;
    private readonly ServiceOptions _options;
    private ServiceAddress _address;
    private GrpcChannel _channel;
    private bool _isChosen;

    public Remote(IReadOnlyList<ServiceAddress> addresses, ServiceOptions options)
    {
        (_addresses, _options, _address) = (addresses, options, addresses[0]);
        _channel = Channels.Open(_address, options);
        _isChosen = addresses.Count == 1;
        foreach (var address in addresses.Where(options.SendsPlainToken))
        {
            Console.Error.WriteLine($"warning: the token travels to {address} unencrypted; use https:// there");
        }
    }

    private Experiments.ExperimentsClient Client => new(_channel);

    /// <summary>Submits a complete spec on somebody's account.</summary>
    public Task<Experiment> SubmitAsync(ExperimentSpec spec, string submitter, CancellationToken cancellation) => CallAsync(
        () => Client.SubmitAsync(new SubmitRequest { Spec = spec, Submitter = submitter }, Options(cancellation)).ResponseAsync);

    /// <summary>All experiments of the learner.</summary>
    public async Task<IReadOnlyList<Experiment>> ListAsync(CancellationToken cancellation) =>
        (await CallAsync(() => Client.ListAsync(new ListRequest(), Options(cancellation)).ResponseAsync)).Experiments;

    /// <summary>Stops an experiment; a running one writes a checkpoint first.</summary>
    public Task<Experiment> CancelAsync(string id, CancellationToken cancellation) =>
        CallAsync(() => Client.CancelAsync(new CancelRequest { Id = id }, Options(cancellation)).ResponseAsync);

    /// <summary>Takes up a failed or cancelled experiment.</summary>
    public Task<Experiment> ResumeAsync(string id, CancellationToken cancellation) =>
        CallAsync(() => Client.ResumeAsync(new ResumeRequest { Id = id }, Options(cancellation)).ResponseAsync);

    /// <summary>
    /// The experiment's state now, then every event until it ends. A run outlives its learner: once the run was seen, a learner that goes
    /// away is waited for, or another is asked, which begins with the state again.
    /// </summary>
    /// <exception cref="CliException">There is no such run, or no learner has answered for minutes.</exception>
    public async IAsyncEnumerable<ExperimentEvent> WatchAsync(
        string id, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ExperimentState? state = null;
        for (var wentAway = Stopwatch.GetTimestamp(); !IsOver(state); _isChosen = _addresses.Count == 1)
        {
            var isThere = false;
            using var call = await CallAsync(
                () => Task.FromResult(Client.Watch(new WatchRequest { Id = id }, cancellationToken: cancellation)));
            while (await CallAsync(() => NextAsync(call, isSeen: state is not null, cancellation)))
            {
                isThere = true;
                state = call.ResponseStream.Current.Experiment?.State ?? state;
                yield return call.ResponseStream.Current;
            }

            if (isThere)
            {
                wentAway = Stopwatch.GetTimestamp();
            }
            else if (Stopwatch.GetElapsedTime(wentAway) > LearnerPatience)
            {
                throw new CliException(
                    $"the learner at {_address} went away before the run ended; 'rapid watch {id}' follows it again", ExitCode.Unreachable);
            }

            if (!IsOver(state))
            {
                await Task.Delay(Pause, cancellation);
            }
        }
    }

    public void Dispose() => _channel.Dispose();

    private static CallOptions Options(CancellationToken cancellation) =>
        new(deadline: DateTime.UtcNow + CallTime, cancellationToken: cancellation);

    private static bool IsOver(ExperimentState? state) =>
        state is ExperimentState.Finished or ExperimentState.Failed or ExperimentState.Cancelled;

    /// <returns>False: there are no more events, or the learner of a run that was seen went away, or does not know it yet.</returns>
    private static async Task<bool> NextAsync(AsyncServerStreamingCall<ExperimentEvent> call, bool isSeen, CancellationToken cancellation)
    {
        try
        {
            return await call.ResponseStream.MoveNext(cancellation);
        }
        catch (RpcException error) when (isSeen && error.StatusCode is StatusCode.Unavailable or StatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Finds a learner that answers; calls that must not be made twice are then made once.</summary>
    private async Task ChooseAsync(CancellationToken cancellation)
    {
        for (var i = 0; !_isChosen && i < _addresses.Count; i++)
        {
            _channel.Dispose();
            _address = _addresses[i];
            _channel = Channels.Open(_address, _options);
            try
            {
                await new Health.HealthClient(_channel).CheckAsync(
                    new HealthCheckRequest(), deadline: DateTime.UtcNow + ProbeTime, cancellationToken: cancellation);
                _isChosen = true;
            }
            catch (RpcException error) when (error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
            {
                // The next one. When none answers, the call says so of the last.
            }
        }
    }

    private async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            await ChooseAsync(CancellationToken.None);
            return await call();
        }
        catch (RpcException error) when (Channels.TlsProblemOf(error) is { } problem)
        {
            throw new CliException($"the learner at {_address} answers but cannot be trusted: {problem}", ExitCode.Unreachable);
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
        {
            throw new CliException(
                $"the learner at {_address} does not answer; start it with 'rapid up' or 'rapid learner', "
                + "or name it with RAPID_LEARNER or --learner",
                ExitCode.Unreachable);
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied)
        {
            throw new CliException(
                $"the learner at {_address} refused the token: {error.Status.Detail}", ExitCode.Unreachable);
        }
    }
}
