using Rapid.Hosting;
using Rapid.Hosting.Tests;

return await RapidHost.RunAsync(ServiceKind.Replay, EchoService.Build);
