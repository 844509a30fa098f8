using Grpc.Core;
using Grpc.Net.Client;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Cli;

/// <summary>A learner somewhere, as the client commands see it; its failures are sentences.</summary>
internal sealed class Remote : IDisposable
{
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(15);

    private readonly ServiceAddress _address;
    private readonly GrpcChannel _channel;
    private readonly Experiments.ExperimentsClient _client;

    public Remote(ServiceAddress address, ServiceOptions options)
    {
        _address = address;
        _channel = Channels.Open(address, options);
        if (options.SendsPlainToken(address))
        {
            Console.Error.WriteLine($"warning: the token travels to {address} unencrypted; use https:// there");
        }

        _client = new Experiments.ExperimentsClient(_channel);
    }

    /// <summary>Submits a complete spec on somebody's account.</summary>
    public Task<Experiment> SubmitAsync(ExperimentSpec spec, string submitter, CancellationToken cancellation) => CallAsync(
        () => _client.SubmitAsync(new SubmitRequest { Spec = spec, Submitter = submitter }, Options(cancellation)).ResponseAsync);

    /// <summary>All experiments of the learner.</summary>
    public async Task<IReadOnlyList<Experiment>> ListAsync(CancellationToken cancellation) =>
        (await CallAsync(() => _client.ListAsync(new ListRequest(), Options(cancellation)).ResponseAsync)).Experiments;

    /// <summary>Stops an experiment; a running one writes a checkpoint first.</summary>
    public Task<Experiment> CancelAsync(string id, CancellationToken cancellation) =>
        CallAsync(() => _client.CancelAsync(new CancelRequest { Id = id }, Options(cancellation)).ResponseAsync);

    /// <summary>Takes up a failed or cancelled experiment.</summary>
    public Task<Experiment> ResumeAsync(string id, CancellationToken cancellation) =>
        CallAsync(() => _client.ResumeAsync(new ResumeRequest { Id = id }, Options(cancellation)).ResponseAsync);

    /// <summary>The experiment's state now, then every event until it ends.</summary>
    public async IAsyncEnumerable<ExperimentEvent> WatchAsync(
        string id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var call = _client.Watch(new WatchRequest { Id = id }, cancellationToken: cancellation);
        while (await CallAsync(() => call.ResponseStream.MoveNext(cancellation)))
        {
            yield return call.ResponseStream.Current;
        }
    }

    public void Dispose() => _channel.Dispose();

    private static CallOptions Options(CancellationToken cancellation) =>
        new(deadline: DateTime.UtcNow + CallTime, cancellationToken: cancellation);

    private async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
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
