using Rapid.Actor;
using Rapid.Hosting;

return await RapidHost.RunAsync(ServiceKind.Actor, options => ActorHost.Build(options));
