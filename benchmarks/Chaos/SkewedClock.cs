using System.Diagnostics;

namespace Rapid.Benchmarks;

/// <summary>The clock of each process, which can be set: a library between the process and libc adds what a file says.</summary>
internal sealed class SkewedClock
{
    private const string Source =
        """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>
        static volatile long long *skew;
        __attribute__((constructor)) static void open_skew(void) {
            const char *path = getenv("CHAOS_CLOCK");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *page = mmap(0, sizeof *skew, PROT_READ, MAP_SHARED, file, 0);
            if (page != MAP_FAILED) skew = page;
            close(file);
        }
        int clock_gettime(clockid_t clock, struct timespec *time) {
            static int (*real)(clockid_t, struct timespec *);
            if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
            int result = real(clock, time);
            if (!result && skew && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += *skew;
            return result;
        }
        int gettimeofday(struct timeval *restrict now, void *restrict zone) {
            (void)zone;
            struct timespec time;
            clock_gettime(CLOCK_REALTIME, &time);
            now->tv_sec = time.tv_sec;
            now->tv_usec = time.tv_nsec / 1000;
            return 0;
        }
        time_t time(time_t *result) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (result) *result = now.tv_sec;
            return now.tv_sec;
        }
        """;

    private readonly string _folder, _library;

    private SkewedClock(string folder, string library) => (_folder, _library) = (folder, library);

    /// <summary>Makes the library in a folder; null where there is no C compiler.</summary>
    public static async Task<SkewedClock?> CreateAsync(string folder)
    {
        var (source, library) = (Path.Combine(folder, "clock.c"), Path.Combine(folder, "clock.so"));
        await File.WriteAllTextAsync(source, Source);
        try
        {
            using var compiler = Process.Start("cc", ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"]);
            await compiler.WaitForExitAsync();
            return compiler.ExitCode == 0 ? new SkewedClock(folder, library) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>What a process needs in its environment.</summary>
    public IReadOnlyDictionary<string, string> VariablesOf(string process)
    {
        var path = PathOf(process);
        if (!File.Exists(path))
        {
            File.WriteAllBytes(path, new byte[sizeof(long)]);
        }

        return new Dictionary<string, string> { ["LD_PRELOAD"] = _library, ["CHAOS_CLOCK"] = path };
    }

    /// <summary>The clock of a process is so many seconds ahead of the machine's from here on.</summary>
    public void Set(string process, long seconds)
    {
        // In place: the process has mapped it.
        using var file = File.OpenWrite(PathOf(process));
        file.Write(BitConverter.GetBytes(seconds));
    }

    private string PathOf(string process) => Path.Combine(_folder, $"clock-{process.Replace(' ', '-')}");
}
