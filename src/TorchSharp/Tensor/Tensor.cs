using System.Runtime.CompilerServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A tensor of libtorch. Dispose it, or create it inside a <see cref="DisposeScope"/>; one that is neither is released by the
    /// garbage collector.
    /// </summary>
    /// <remarks>
    /// <c>==</c> and <c>!=</c> compare elements; test for null with <c>is null</c>. Errors of libtorch arrive as
    /// <see cref="System.Runtime.InteropServices.ExternalException"/> with its message.
    /// </remarks>
    public partial class Tensor : IDisposable
    {
        private static long _totalCount;

        private nint _handle;

        // Set while no scope owns the tensor: a tensor in a scope is released by the scope and spares the finalizer queue.
        private TensorReleaser? _releaser;

        internal Tensor(nint handle)
        {
            _handle = handle;
            Interlocked.Increment(ref _totalCount);
            var scope = DisposeScopeManager.ThreadSingleton.CurrentDisposeScope;
            if (scope is null)
            {
                _releaser = new TensorReleaser(handle);
            }
            else
            {
                scope.Add(this);
            }
        }

        /// <summary>Takes over what another tensor holds, its place in a scope included; that tensor is invalid afterwards.</summary>
        internal Tensor(Tensor source)
        {
            _handle = source.Handle;
            _releaser = source._releaser;
            var scope = source.OwningDisposeScope;
            scope?.Remove(source);
            source._handle = 0;
            source._releaser = null;
            scope?.Add(this);
        }

        /// <summary>Tensors that are alive in managed code.</summary>
        public static long TotalCount => Interlocked.Read(ref _totalCount);

        /// <summary>A name for debugging.</summary>
        public string? name { get; set; }

        /// <summary>True once the tensor is disposed.</summary>
        public bool IsInvalid => _handle == 0;

        /// <summary>The native handle.</summary>
        /// <exception cref="InvalidOperationException">The tensor is disposed.</exception>
        public nint Handle => _handle != 0 ? _handle : throw Disposed();

        internal DisposeScope? OwningDisposeScope { get; set; }

        internal int ScopeSlot { get; set; }

        /// <summary>Releases the tensor; its memory goes with the last tensor that shares it.</summary>
        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        /// <summary>Moves the tensor to the scope around its own, or out of all scopes if there is none.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        /// <summary>Takes the tensor out of all scopes: it lives until it is disposed or collected.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        /// <summary>Moves the tensor to the scope that holds the other one.</summary>
        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        /// <summary>Moves the tensor to the given scope, or out of all scopes if that is null.</summary>
        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is null)
            {
                other?.Attach(this);
            }
            else
            {
                OwningDisposeScope.MoveToOther(other, this);
            }

            return this;
        }

        /// <summary>A second tensor object for the same native tensor; each is disposed on its own.</summary>
        public Tensor alias() => New(Native.rt_alias(Handle), this);

        /// <summary>True if the other object is a tensor with equal elements.</summary>
        public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

        /// <summary>True if the other tensor has the same shape and elements.</summary>
        public bool Equals(Tensor target)
        {
            Native.Check(Native.rt_equal(Handle, target.Handle, out var equal));
            GC.KeepAlive(target);
            return equal;
        }

        /// <summary>True if |x - target| &lt;= atol + rtol |target| everywhere.</summary>
        public bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false)
        {
            Native.Check(Native.rt_allclose(Handle, target.Handle, rtol, atol, equal_nan, out var close));
            GC.KeepAlive(target);
            return close;
        }

        /// <summary>A hash of the object's identity, as the elements may change.</summary>
        public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

        /// <summary>Shape, type and device, for example "[2x3], type = Float32, device = cpu".</summary>
        public override string ToString() =>
            IsInvalid ? "disposed" : $"[{string.Join("x", shape)}], type = {dtype}, device = {device}";

        /// <summary>Releases the tensor.</summary>
        protected virtual void Dispose(bool disposing)
        {
            if (_handle == 0)
            {
                return;
            }

            OwningDisposeScope?.Remove(this);
            ReleaseHandle();
        }

        /// <summary>Gives the native reference back; the owning scope must already have let go.</summary>
        internal void ReleaseHandle()
        {
            var handle = _handle;
            _handle = 0;
            if (_releaser is not null)
            {
                _releaser.Dispose();
                _releaser = null;
            }
            else if (handle != 0)
            {
                Release(handle);
            }
        }

        /// <summary>Called when the tensor leaves all scopes: the garbage collector takes over.</summary>
        internal void OwnItself() => _releaser ??= new TensorReleaser(_handle);

        /// <summary>Wraps a result; the operands are arguments so that they cannot be collected during the native call.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Tensor New(nint result, Tensor operand)
        {
            GC.KeepAlive(operand);
            return New(result);
        }

        /// <inheritdoc cref="New(nint, Tensor)"/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Tensor New(nint result, Tensor first, Tensor second)
        {
            GC.KeepAlive(first);
            GC.KeepAlive(second);
            return New(result);
        }

        /// <inheritdoc cref="New(nint, Tensor)"/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Tensor New(nint result, Tensor first, Tensor? second, Tensor? third)
        {
            GC.KeepAlive(first);
            GC.KeepAlive(second);
            GC.KeepAlive(third);
            return New(result);
        }

        internal static Tensor New(nint result) => result != 0 ? new Tensor(result) : throw Native.Error();

        /// <summary>Ends an in-place operation.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Tensor Done(int status)
        {
            Native.Check(status);
            return this;
        }

        /// <inheritdoc cref="Done(int)"/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Tensor Done(int status, Tensor? first, Tensor? second = null)
        {
            GC.KeepAlive(first);
            GC.KeepAlive(second);
            Native.Check(status);
            return this;
        }

        private static InvalidOperationException Disposed() => new("the tensor is disposed");

        private static void Release(nint handle)
        {
            Interlocked.Decrement(ref _totalCount);
            Native.rt_release(handle);
        }

        private sealed class TensorReleaser(nint handle) : IDisposable
        {
            private nint _handle = handle;

            ~TensorReleaser() => ReleaseOnce();

            public void Dispose()
            {
                ReleaseOnce();
                GC.SuppressFinalize(this);
            }

            // A scope that was never disposed and this object may be finalised together, in any order.
            private void ReleaseOnce()
            {
                var taken = Interlocked.Exchange(ref _handle, 0);
                if (taken != 0)
                {
                    Release(taken);
                }
            }
        }
    }
}
