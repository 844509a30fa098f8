using Rapid.Hosting;
using Rapid.Learner;

return await RapidHost.RunAsync(ServiceKind.Learner, options => LearnerHost.Build(options));
