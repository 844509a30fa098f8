namespace TorchSharp;

/// <summary>The stack of dispose scopes of one thread.</summary>
public class DisposeScopeManager
{
    [ThreadStatic]
    private static DisposeScopeManager? _threadSingleton;

    // The array of the last scope that ended: scopes in a loop then allocate no new ones.
    private torch.Tensor?[]? _spareBuffer;

    internal static DisposeScopeManager ThreadSingleton => _threadSingleton ??= new DisposeScopeManager();

    internal DisposeScope? CurrentDisposeScope { get; private set; }

    internal DisposeScope NewDisposeScope()
    {
        var scope = new DisposeScope(this, _spareBuffer ?? []);
        _spareBuffer = null;
        return CurrentDisposeScope = scope;
    }

    /// <summary>Takes an ended scope out of the stack, wherever in it the scope is.</summary>
    internal void End(DisposeScope scope, torch.Tensor?[] buffer)
    {
        if (buffer.Length > (_spareBuffer?.Length ?? 0))
        {
            _spareBuffer = buffer;
        }

        if (CurrentDisposeScope == scope)
        {
            CurrentDisposeScope = scope.OuterScope;
            return;
        }

        for (var inner = CurrentDisposeScope; inner is not null; inner = inner.OuterScope)
        {
            if (inner.OuterScope == scope)
            {
                inner.OuterScope = scope.OuterScope;
                return;
            }
        }
    }
}
