using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Seeds every device's default generator.</summary>
    public static Generator manual_seed(long seed) => random.manual_seed(seed);

    /// <summary>The state of the default generator of the CPU.</summary>
    public static Tensor get_rng_state() => random.get_rng_state();

    /// <summary>Restores the default generator of the CPU.</summary>
    public static void set_rng_state(Tensor new_state) => random.set_rng_state(new_state);

    /// <summary>The default generators.</summary>
    public static partial class random
    {
        /// <summary>Seeds every device's default generator.</summary>
        public static Generator manual_seed(long seed)
        {
            Native.Check(Native.rt_manual_seed((ulong)seed));
            return Generator.Default;
        }

        /// <summary>The state of the default generator of the CPU.</summary>
        public static Tensor get_rng_state()
        {
            using var generator = Generator.Default;
            return generator.get_state();
        }

        /// <summary>Restores the default generator of the CPU.</summary>
        public static void set_rng_state(Tensor new_state)
        {
            using var generator = Generator.Default;
            generator.set_state(new_state);
        }
    }

    /// <summary>A stream of random numbers on the CPU. Dispose it.</summary>
    public class Generator : IDisposable
    {
        private nint _handle;

        /// <summary>A generator of its own, independent of the default one.</summary>
        public Generator(ulong seed = 0, Device? device = null)
            : this(Native.rt_generator_new(seed))
        {
            if (device is not null && device.type != DeviceType.CPU)
            {
                throw new NotSupportedException($"generators exist on the CPU only, not on {device}");
            }
        }

        private Generator(nint handle) => _handle = handle;

        /// <summary>Releases the native generator.</summary>
        ~Generator() => Dispose(false);

        /// <summary>A handle to the default generator of the CPU.</summary>
        public static Generator Default => new(Native.rt_generator_default());

        /// <summary>The native handle.</summary>
        public nint Handle => _handle;

        /// <summary>Where the numbers are drawn.</summary>
        public Device device { get; } = CPU;

        /// <summary>The state, to be restored with <see cref="set_state"/>.</summary>
        public Tensor get_state() => Tensor.New(Native.rt_generator_state(_handle));

        /// <summary>Restores a state.</summary>
        public void set_state(Tensor value)
        {
            Native.Check(Native.rt_generator_set_state(_handle, value.Handle));
            GC.KeepAlive(value);
        }

        /// <summary>Starts the stream that belongs to a seed.</summary>
        public Generator manual_seed(long seed)
        {
            Native.rt_generator_seed(_handle, (ulong)seed);
            return this;
        }

        /// <summary>The seed of the stream.</summary>
        public long initial_seed() => (long)Native.rt_generator_initial_seed(_handle);

        /// <summary>Releases the native generator.</summary>
        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        /// <summary>Releases the native generator.</summary>
        protected virtual void Dispose(bool disposing)
        {
            if (_handle != 0)
            {
                Native.rt_generator_release(_handle);
                _handle = 0;
            }
        }
    }
}
