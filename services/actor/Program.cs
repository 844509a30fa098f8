using Rapid.Actor;
using Rapid.Hosting;

return await RapidHost.MainAsync(args, ServiceKind.Actor, options => ActorHost.Build(options));
