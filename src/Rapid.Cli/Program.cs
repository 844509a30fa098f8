using Rapid.Cli;

return await CommandLine.RunAsync(args);
