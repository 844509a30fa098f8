namespace Rapid.Deployment.Tests;

/// <summary>A container as a file of compose or a manifest describes it.</summary>
/// <param name="Name">What others call it: the host name.</param>
/// <param name="Command">The program and its arguments.</param>
/// <param name="Environment">Variables, those of the image among them.</param>
/// <param name="HealthCheck">The command that tells how it is; empty when there is none.</param>
internal sealed record Container(
    string Name, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, IReadOnlyList<string> HealthCheck);
