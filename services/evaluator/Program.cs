using Rapid.Evaluator;
using Rapid.Hosting;

return await RapidHost.MainAsync(args, ServiceKind.Evaluator, options => EvaluatorHost.Build(options));
