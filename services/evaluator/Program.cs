using Rapid.Evaluator;
using Rapid.Hosting;

return await RapidHost.RunAsync(ServiceKind.Evaluator, options => EvaluatorHost.Build(options));
