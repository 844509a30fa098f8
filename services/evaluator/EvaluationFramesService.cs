using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;
using Rapid.Hosting;
using Rapid.Protocol.V1;

namespace Rapid.Evaluator;

/// <summary>Serves the exhibition.</summary>
internal sealed class EvaluationFramesService(Exhibition exhibition, CallLifetime lifetime) : EvaluationFrames.EvaluationFramesBase
{
    /// <inheritdoc/>
    [Authorize(Roles = Roles.Onlookers)]
    [EnableRateLimiting(CallLimits.Subscribers)]
    public override Task Watch(
        WatchFramesRequest request, IServerStreamWriter<EvaluationFrame> responseStream, ServerCallContext context)
    {
        if (request.FramesPerSecond > ExhibitionPlayer.Rate)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument,
                $"frames_per_second: {request.FramesPerSecond} is out of range 1..{ExhibitionPlayer.Rate}"
                + $" (0 for {ExhibitionPlayer.Rate})"));
        }

        // Half a picture earlier than due, or a rate just below the player's would miss every other one.
        var pause = request.FramesPerSecond is 0 or ExhibitionPlayer.Rate
            ? TimeSpan.Zero
            : TimeSpan.FromSeconds((1.0 / request.FramesPerSecond) - (0.5 / ExhibitionPlayer.Rate));
        return lifetime.RunAsync(context, async ended =>
        {
            await foreach (var frame in exhibition.WatchAsync(ended))
            {
                await responseStream.WriteAsync(frame, ended);
                await Task.Delay(pause, ended);
            }
        });
    }
}
