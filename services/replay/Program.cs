using Rapid.Hosting;
using Rapid.Replay;

return await RapidHost.RunAsync(ServiceKind.Replay, options => ReplayHost.Build(options));
