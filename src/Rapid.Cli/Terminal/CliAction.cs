using System.CommandLine;
using Grpc.Core;
using Rapid.Environments.Rendering;
using Rapid.Hosting;
using Rapid.Learner.Checkpoints;
using Rapid.Specs;

namespace Rapid.Cli.Terminal;

/// <summary>Runs a command's body and turns what goes wrong into sentences and an exit code.</summary>
internal static class CliAction
{
    /// <summary>Makes a body the action of a command; its token is cancelled by the first Ctrl-C or SIGTERM.</summary>
    public static void SetBody(this Command command, Func<ParseResult, StopSignals, Task<int>> body) =>
        command.SetAction((result, _) => RunAsync(result, body));

    private static async Task<int> RunAsync(ParseResult result, Func<ParseResult, StopSignals, Task<int>> body)
    {
        using var signals = new StopSignals();
        try
        {
            return await body(result, signals);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return ExitCode.Stopped;
        }
        catch (RpcException) when (signals.Stop.IsCancellationRequested)
        {
            return ExitCode.Stopped;
        }
        catch (SpecException error)
        {
            return Say(error.Problems.Select(problem => problem.ToString()), ExitCode.BadInput);
        }
        catch (ConfigurationException error)
        {
            return Say(error.Problems, ExitCode.BadInput);
        }
        catch (CliException error)
        {
            return Say([error.Message], error.ExitCode);
        }
        catch (RpcException error)
        {
            return Say(LinesOf(error), error.StatusCode switch
            {
                StatusCode.InvalidArgument => ExitCode.BadInput,
                StatusCode.Unavailable or StatusCode.DeadlineExceeded => ExitCode.Unreachable,
                StatusCode.Unauthenticated or StatusCode.PermissionDenied => ExitCode.Unreachable,
                _ => ExitCode.Failure,
            });
        }
        catch (Exception error) when (error is RenderingException or IOException or InvalidDataException or UnauthorizedAccessException
            or OtherVersionException)
        {
            return Say([error.Message], ExitCode.Failure);
        }
    }

    /// <summary>A line for each field that the service refused; else what it says.</summary>
    private static IEnumerable<string> LinesOf(RpcException error)
    {
        var fields = FieldErrors.Of(error);
        return fields.Count == 0
            ? [error.Status.Detail]
            : fields.Select(problem => new SpecProblem(problem.Field, problem.Description).ToString());
    }

    private static int Say(IEnumerable<string> lines, int exitCode)
    {
        foreach (var line in lines)
        {
            Console.Error.WriteLine(line);
        }

        return exitCode;
    }
}
