using System.Runtime.InteropServices;

namespace Rapid.Benchmarks;

/// <summary>Processor time of the calling thread.</summary>
internal static partial class ThreadTime
{
    private const int ThreadProcessorTime = 3; // CLOCK_THREAD_CPUTIME_ID of Linux

    public static double Seconds
    {
        get
        {
            Marshal.ThrowExceptionForHR(ClockGetTime(ThreadProcessorTime, out var time));
            return time.Seconds + time.Nanoseconds * 1e-9;
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
