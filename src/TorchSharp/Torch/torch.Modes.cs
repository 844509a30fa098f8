using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>The functions of libtorch.</summary>
public static partial class torch
{
    /// <summary>Starts a dispose scope on this thread; dispose it to dispose the tensors created in it.</summary>
    public static DisposeScope NewDisposeScope() => DisposeScopeManager.ThreadSingleton.NewDisposeScope();

    /// <summary>This thread's innermost dispose scope, or null.</summary>
    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.ThreadSingleton.CurrentDisposeScope;

    /// <summary>Evaluates an expression in a scope of its own; only the result survives.</summary>
    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using var scope = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }

    /// <summary>Until disposal, operations on this thread are not recorded.</summary>
    public static IDisposable no_grad() => new AutoGradMode(false);

    /// <summary>Until disposal, operations on this thread are recorded.</summary>
    public static IDisposable enable_grad(bool enabled = true) => new AutoGradMode(enabled);

    /// <summary>Until disposal, operations on this thread are recorded or not.</summary>
    public static IDisposable set_grad_enabled(bool mode = true) => new AutoGradMode(mode);

    /// <summary>Whether operations on this thread are recorded.</summary>
    public static bool is_grad_enabled() => Native.rt_grad_enabled();

    /// <summary>Until disposal, this thread makes tensors that can never take part in differentiation.</summary>
    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    /// <summary>Whether this thread is in inference mode.</summary>
    public static bool is_inference_mode_enabled() => Native.rt_inference_mode_enabled();

    /// <summary>Threads within one operation.</summary>
    public static int get_num_threads() => Native.rt_get_num_threads();

    /// <summary>Sets the threads within one operation, for operations that start on this thread.</summary>
    public static void set_num_threads(int num) => Native.Check(Native.rt_set_num_threads(num));

    /// <summary>Threads between operations.</summary>
    public static int get_num_interop_threads() => Native.rt_get_num_interop_threads();

    /// <summary>Sets the threads between operations, once and before any parallel work.</summary>
    public static void set_num_interop_threads(int num) => Native.Check(Native.rt_set_num_interop_threads(num));

    /// <summary>Whether a CUDA device can be used.</summary>
    public static bool cuda_is_available() => cuda.is_available();

    /// <summary>CUDA devices.</summary>
    public static partial class cuda
    {
        /// <summary>Whether a CUDA device can be used.</summary>
        public static bool is_available() => device_count() > 0;

        /// <summary>How many CUDA devices there are.</summary>
        public static int device_count()
        {
            Native.Check(Native.rt_cuda_device_count(out var count));
            return count;
        }

        /// <summary>Waits for everything queued on a device, the current one if null.</summary>
        public static void synchronize(Device? device = null) => Native.Check(Native.rt_cuda_synchronize(device?.index ?? -1));
    }

    private sealed class AutoGradMode : IDisposable
    {
        private readonly bool _previous = Native.rt_grad_enabled();

        internal AutoGradMode(bool enabled) => Native.rt_set_grad_enabled(enabled);

        public void Dispose() => Native.rt_set_grad_enabled(_previous);
    }

    private sealed class InferenceMode(bool enabled) : IDisposable
    {
        private nint _guard = Native.rt_inference_mode_enter(enabled);

        public void Dispose()
        {
            if (_guard != 0)
            {
                Native.rt_inference_mode_leave(_guard);
                _guard = 0;
            }
        }
    }
}
