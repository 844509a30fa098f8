namespace Rapid.Core;

/// <summary>A fixed team of threads that does the parts of one job at a time; part 0 is done by the caller.</summary>
internal sealed class WorkerTeam : IDisposable
{
    // The caller's part ends shortly before or after the others' as a rule: blocking and waking then costs more than looking again for
    // some tenths of a millisecond, yielding to whoever wants the core.
    private const int SpinsBeforeBlocking = 500;

    private readonly Action<int, int> _work;
    private readonly Thread[] _threads;
    private readonly SemaphoreSlim[] _starts;
    private readonly ManualResetEventSlim _done = new(initialState: false, SpinsBeforeBlocking);
    private Exception? _failure;
    private int _unfinished;
    private volatile bool _stopping;

    /// <param name="parts">Threads, the caller's included.</param>
    /// <param name="work">Called with (part, parts).</param>
    public WorkerTeam(int parts, Action<int, int> work)
    {
        _work = work;
        _starts = [.. Enumerable.Range(1, parts - 1).Select(_ => new SemaphoreSlim(0))];
        _threads =
        [
            .. Enumerable.Range(1, parts - 1)
                .Select(part => new Thread(() => Loop(part)) { IsBackground = true, Name = $"team-{part}" }),
        ];
        foreach (var thread in _threads)
        {
            thread.Start();
        }
    }

    /// <summary>Does all parts and waits for them.</summary>
    public void Run()
    {
        _done.Reset();
        _unfinished = _threads.Length;
        foreach (var start in _starts)
        {
            start.Release();
        }

        try
        {
            _work(0, _threads.Length + 1);
        }
        finally
        {
            // Also when the caller's part throws: the next run must not start while others still work on this one.
            _done.Wait();
        }

        if (Interlocked.Exchange(ref _failure, null) is { } failure)
        {
            throw new InvalidOperationException("a part of the work of several threads failed", failure);
        }
    }

    public void Dispose()
    {
        _stopping = true;
        foreach (var start in _starts)
        {
            start.Release();
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }

        foreach (var start in _starts)
        {
            start.Dispose();
        }

        _done.Dispose();
    }

    private void Loop(int part)
    {
        while (true)
        {
            _starts[part - 1].Wait();
            if (_stopping)
            {
                return;
            }

            try
            {
                _work(part, _threads.Length + 1);
            }
            catch (Exception failure)
            {
                Volatile.Write(ref _failure, failure);
            }
            finally
            {
                if (Interlocked.Decrement(ref _unfinished) == 0)
                {
                    _done.Set();
                }
            }
        }
    }
}
