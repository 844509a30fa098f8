using Rapid.Hosting;
using Rapid.Replay;

return await RapidHost.MainAsync(args, ServiceKind.Replay, options => ReplayHost.Build(options));
