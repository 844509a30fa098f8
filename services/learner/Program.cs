using Rapid.Hosting;
using Rapid.Learner;

return await RapidHost.MainAsync(args, ServiceKind.Learner, options => LearnerHost.Build(options));
