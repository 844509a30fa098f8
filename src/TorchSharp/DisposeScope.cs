namespace TorchSharp;

/// <summary>
/// Owns the tensors that its thread creates while it is the innermost scope, and disposes those that are still in it at its own disposal.
/// </summary>
/// <remarks>
/// A tensor in a scope needs no finalizer of its own: the scope refers to it and it refers to the scope, so both become unreachable
/// together and the scope's finalizer releases the memory of an undisposed scope.
/// </remarks>
public sealed class DisposeScope : IDisposable
{
    private readonly DisposeScopeManager _manager;
    private torch.Tensor?[] _tensors;
    private int _count;
    private bool _disposed;

    internal DisposeScope(DisposeScopeManager manager, torch.Tensor?[] buffer)
    {
        _manager = manager;
        _tensors = buffer;
        OuterScope = manager.CurrentDisposeScope;
    }

    /// <summary>Releases what an undisposed scope still held.</summary>
    ~DisposeScope()
    {
        for (var i = 0; i < _count; i++)
        {
            _tensors[i]!.ReleaseHandle();
        }
    }

    internal DisposeScope? OuterScope { get; set; }

    /// <summary>How many tensors the scope holds.</summary>
    /// <exception cref="ObjectDisposedException">The scope is disposed.</exception>
    public int DisposablesCount
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _count;
        }
    }

    /// <summary>A snapshot of what the scope holds.</summary>
    /// <exception cref="ObjectDisposedException">The scope is disposed.</exception>
    public IReadOnlyList<IDisposable> DisposablesView
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _tensors.AsSpan(0, _count).ToArray()!;
        }
    }

    /// <summary>Moves a tensor to the enclosing scope, or out of all scopes if there is none.</summary>
    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(OuterScope, disposable);

    /// <summary>Moves tensors to the enclosing scope, or out of all scopes if there is none.</summary>
    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second));

    /// <summary>Moves tensors to the enclosing scope, or out of all scopes if there is none.</summary>
    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second), MoveToOuter(third));

    /// <summary>Moves tensors to the enclosing scope, or out of all scopes if there is none.</summary>
    public void MoveToOuter(params IDisposable[] disposables) => MoveToOuter((IEnumerable<IDisposable>)disposables);

    /// <summary>Moves tensors to the enclosing scope, or out of all scopes if there is none.</summary>
    public void MoveToOuter(IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables)
        {
            MoveToOther(OuterScope, disposable);
        }
    }

    /// <summary>Moves a tensor of this scope to another one, or out of all scopes if that is null. Tensors of other scopes stay.</summary>
    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (disposable is torch.Tensor tensor && tensor.OwningDisposeScope == this)
        {
            Remove(tensor);
            scope?.Add(tensor);
            if (scope is null)
            {
                tensor.OwnItself();
            }
        }

        return disposable;
    }

    /// <summary>Takes a tensor out of all scopes: from now on it lives until it is disposed or collected.</summary>
    public T Detach<T>(T disposable) where T : IDisposable => MoveToOther(null, disposable);

    /// <summary>Takes tensors out of all scopes.</summary>
    public void Detach(params IDisposable[] disposables)
    {
        foreach (var disposable in disposables)
        {
            MoveToOther(null, disposable);
        }
    }

    /// <summary>Takes a tensor into this scope, out of the one that had it.</summary>
    /// <exception cref="InvalidOperationException">It is not a tensor.</exception>
    public void Attach(IDisposable disposable)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var tensor = disposable as torch.Tensor ?? throw new InvalidOperationException("a dispose scope can only manage tensors");
        if (tensor.OwningDisposeScope == this)
        {
            return;
        }

        tensor.OwningDisposeScope?.Remove(tensor);
        Add(tensor);
    }

    /// <summary>Disposes everything in the scope; the scope stays usable.</summary>
    public void DisposeEverything() => DisposeEverythingBut([]);

    /// <summary>Disposes everything in the scope except the given tensors, which stay in it.</summary>
    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var kept = new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance);
        var (old, count) = (_tensors, _count);
        (_tensors, _count) = (new torch.Tensor?[Math.Max(kept.Count, 4)], 0);
        for (var i = 0; i < count; i++)
        {
            var tensor = old[i]!;
            tensor.OwningDisposeScope = null;
            if (kept.Contains(tensor))
            {
                Add(tensor);
            }
            else
            {
                tensor.Dispose();
            }
        }
    }

    /// <summary>Disposes everything in the scope except the given tensors, which stay in it.</summary>
    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    /// <summary>Disposes everything in the scope except the given tensor, which stays in it.</summary>
    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[keep]);
        return keep;
    }

    /// <summary>Forgets a tensor that was disposed by hand.</summary>
    public void MarkAsDisposed(IDisposable disposable)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (disposable is torch.Tensor tensor && tensor.OwningDisposeScope == this)
        {
            Remove(tensor);
        }
    }

    /// <summary>True if the scope holds this tensor.</summary>
    public bool Contains(IDisposable disposable) => disposable is torch.Tensor tensor && tensor.OwningDisposeScope == this;

    /// <summary>Disposes everything in the scope and ends it.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        GC.SuppressFinalize(this);
        for (var i = 0; i < _count; i++)
        {
            ref var slot = ref _tensors[i];
            slot!.OwningDisposeScope = null;
            slot.ReleaseHandle();
            slot = null;
        }

        _count = 0;
        _manager.End(this, _tensors);
        _tensors = [];
    }

    internal void Add(torch.Tensor tensor)
    {
        if (_count == _tensors.Length)
        {
            Array.Resize(ref _tensors, Math.Max(16, 2 * _count));
        }

        tensor.ScopeSlot = _count;
        tensor.OwningDisposeScope = this;
        _tensors[_count++] = tensor;
    }

    internal void Remove(torch.Tensor tensor)
    {
        var last = _tensors[--_count]!;
        _tensors[tensor.ScopeSlot] = last;
        last.ScopeSlot = tensor.ScopeSlot;
        _tensors[_count] = null;
        tensor.OwningDisposeScope = null;
    }
}
