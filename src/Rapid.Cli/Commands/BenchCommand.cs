using System.CommandLine;
using Rapid.Cli.Terminal;
using Rapid.Core;

namespace Rapid.Cli.Commands;

/// <summary>
/// <c>rapid bench [NAME[:ARGUMENT]...]</c>: runs the benchmark programs one after the other, so that none disturbs another.
/// </summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var names = new Argument<string[]>("names")
        {
            Description = "Benchmarks to run, all without a name; NAME:ARGUMENT where one takes an argument, such as Soak:120 (seconds)",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("bench", "Measure ratios against bare loops on this machine") { names };
        command.SetBody((result, signals) => RunAsync(result.GetValue(names) ?? [], signals.Stop));
        return command;
    }

    private static async Task<int> RunAsync(string[] names, CancellationToken cancellation)
    {
        var known = Directory.GetFiles(
            Path.Combine(BenchmarkProgram.Repository("bench"), "benchmarks"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path)!)
            .Order(StringComparer.Ordinal)
            .ToList();
        foreach (var name in names.Select(NameOf).Where(name => !known.Contains(name)))
        {
            throw new CliException(
                $"'{name}' is not a benchmark{NearestName.Hint(name, known)}; known: {string.Join(", ", known)}", ExitCode.BadInput);
        }

        var rows = new List<string[]>();
        var allMet = true;
        foreach (var name in names.Length > 0 ? names.ToList() : known)
        {
            Console.Out.WriteLine($"== {name}");
            var (exitCode, lastLine) = await BenchmarkProgram.RunAsync(NameOf(name), name.Split(':')[1..], cancellation);
            allMet &= exitCode == 0;
            rows.Add([name, exitCode switch { 0 => "met", 1 => "missed", _ => $"failed ({exitCode})" }, lastLine]);
        }

        Console.Out.WriteLine();
        TextTable.Write(Console.Out, ["benchmark", "target", "figure"], rows);
        return allMet ? ExitCode.Success : ExitCode.Failure;
    }

    private static string NameOf(string benchmark) => benchmark.Split(':')[0];
}
