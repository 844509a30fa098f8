using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Cli;

/// <summary>Learners somewhere that share a queue, or the only one, as the client commands see them: any of them answers for all. Failures
/// are sentences.</summary>
internal sealed class Remote : IDisposable
{
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(15), ProbeTime = TimeSpan.FromSeconds(3);

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

    /// <summary>The experiment's state now, then every event until it ends.</summary>
    public async IAsyncEnumerable<ExperimentEvent> WatchAsync(
        string id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
    {
        while (true)
        {
            using var call = await CallAsync(
                () => Task.FromResult(Client.Watch(new WatchRequest { Id = id }, cancellationToken: cancellation)));
            bool? isMore;
            while ((isMore = await CallAsync(() => NextAsync(call, cancellation))) == true)
            {
                yield return call.ResponseStream.Current;
            }

            if (isMore == false)
            {
                yield break;
            }

            _isChosen = false;
        }
    }

    public void Dispose() => _channel.Dispose();

    private static CallOptions Options(CancellationToken cancellation) =>
        new(deadline: DateTime.UtcNow + CallTime, cancellationToken: cancellation);

    /// <returns>Null: the learner went away, and another may be asked.</returns>
    private async Task<bool?> NextAsync(AsyncServerStreamingCall<ExperimentEvent> call, CancellationToken cancellation)
    {
        try
        {
            return await call.ResponseStream.MoveNext(cancellation);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable && _addresses.Count > 1)
        {
            return null;
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
