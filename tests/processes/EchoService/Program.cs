using Microsoft.Extensions.Logging;
using Rapid.Hosting;
using Rapid.Hosting.Tests;

return await RapidHost.MainAsync(
    args,
    ServiceKind.Replay,
    options => EchoService.Build(options, LogLevel.Information, Environment.GetEnvironmentVariable("ECHO_FAILS")));
