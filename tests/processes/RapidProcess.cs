using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Rapid.Processes;

/// <summary>A real process whose output is kept for messages. Killed when disposed of.</summary>
internal sealed partial class RapidProcess : IAsyncDisposable
{
    // Of Linux' prlimit.
    private const int FileSize = 1;

    private const int SigInt = 2, SigQuit = 3, SigTerm = 15, SigCont = 18, SigStop = 19;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>The <c>rapid</c> that is run.</summary>
    public static readonly string Program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../Rapid.Cli/release/rapid"));

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly string _title;
    private bool _isDisposed;

    private RapidProcess(Process process, string title)
    {
        (_process, _title) = (process, title);
        process.OutputDataReceived += (_, data) => Keep(data.Data);
        process.ErrorDataReceived += (_, data) => Keep(data.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Everything written so far, both streams.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return $"--- {_title}\n{_output}";
            }
        }
    }

    /// <summary>Memory that it has now, in bytes.</summary>
    public long ResidentBytes => ReadBytes("VmRSS:");

    /// <summary>The most memory that it has had so far, in bytes.</summary>
    public long PeakResidentBytes => ReadBytes("VmHWM:");

    /// <summary>Time of cores that it has taken so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Whether a native library is in its memory now.</summary>
    public bool HasLoaded(string library) =>
        File.ReadLines($"/proc/{_process.Id}/maps").Any(line => line.EndsWith($"/{library}", StringComparison.Ordinal));

    public bool HasExited => _process.HasExited;

    /// <summary>Of a process that has exited.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts <c>rapid</c> in a folder.</summary>
    public static RapidProcess Start(string folder, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? variables = null) =>
        StartProgram(Program, folder, arguments, variables);

    /// <summary>Runs <c>rapid</c> to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string folder, params string[] arguments)
    {
        await using var process = Start(folder, arguments);
        return (await process.WaitAsync(), process.Output);
    }

    /// <summary>Starts any program.</summary>
    public static RapidProcess StartProgram(
        string program, string folder, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("RAPID_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["OMP_WAIT_POLICY"] = "passive";
        start.Environment["OMP_NUM_THREADS"] = "1";
        // As the script starts them, whatever it gave this process.
        start.Environment["DOTNET_GCgen0size"] = start.ArgumentList.FirstOrDefault() switch
        {
            "actor" => "0x1000000",
            "evaluator" => "0x200000",
            _ => "0x4000000",
        };
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new RapidProcess(Process.Start(start)!, $"{Path.GetFileName(program)} {string.Join(' ', start.ArgumentList)}");
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> WaitAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"did not end within {Patience}\n{Output}");
        }

        return _process.ExitCode;
    }

    /// <summary>Ctrl-C.</summary>
    public void Interrupt() => SendUnlessDeaf(SigInt);

    /// <summary>What a supervisor sends first.</summary>
    public void Terminate() => Send(SigTerm);

    /// <summary>Ctrl-\.</summary>
    public void Quit() => SendUnlessDeaf(SigQuit);

    /// <summary>Stands still until <see cref="Continue"/>.</summary>
    public void Freeze() => Send(SigStop);

    /// <summary>Goes on.</summary>
    public void Continue() => Send(SigCont);

    /// <summary>From here on no file that it writes may be larger: what is, cannot be written, as on a disk that is full. It must have been
    /// started deaf to SIGXFSZ.</summary>
    /// <param name="bytes">Null: any size.</param>
    public void LimitFiles(long? bytes)
    {
        ulong[] limits = [bytes is { } most ? (ulong)most : ulong.MaxValue, ulong.MaxValue];
        if (Limit(_process.Id, FileSize, limits, 0) != 0)
        {
            throw new Win32Exception();
        }
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private long ReadBytes(string field) => long.Parse(ReadStatus(field).Split(' ')[0], CultureInfo.InvariantCulture) * 1024;

    private string ReadStatus(string field) => File.ReadLines($"/proc/{_process.Id}/status")
        .First(line => line.StartsWith(field, StringComparison.Ordinal))[field.Length..].Trim();

    /// <summary>SIGTERM where the shell that runs the tests in its background has made all its children deaf to its keyboard.</summary>
    private void SendUnlessDeaf(int signal)
    {
        const string Ignored = "SigIgn:";
        var ignored = ulong.Parse(ReadStatus(Ignored), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        Send((ignored & (1UL << (signal - 1))) != 0 ? SigTerm : signal);
    }

    private void Send(int signal)
    {
        if (Signal(_process.Id, signal) != 0)
        {
            throw new Win32Exception();
        }
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    private static partial int Limit(int process, int resource, ulong[] limits, nint old);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int process, int signal);
}
