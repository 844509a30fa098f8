using Microsoft.Extensions.Hosting;

namespace Rapid.Hosting;

/// <summary>Of a service that stops when its process says so, and at no signal.</summary>
internal sealed class DeafLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
