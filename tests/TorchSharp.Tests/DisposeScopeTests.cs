using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class DisposeScopeTests
{
    [Fact]
    public void A_scope_disposes_what_was_created_in_it()
    {
        Tensor inside, outside = zeros(1);
        using (var scope = NewDisposeScope())
        {
            inside = ones(1) + outside;
            Assert.Same(scope, CurrentDisposeScope);
            Assert.Equal(2, scope.DisposablesCount);
            Assert.True(scope.Contains(inside));
        }

        Assert.True(inside.IsInvalid);
        Assert.False(outside.IsInvalid);
        Assert.Null(CurrentDisposeScope);
        outside.Dispose();
        Assert.Throws<InvalidOperationException>(() => inside + 1);
    }

    [Fact]
    public void A_moved_tensor_lives_as_long_as_the_outer_scope()
    {
        Tensor moved, kept, detached;
        using (var outer = NewDisposeScope())
        {
            using (NewDisposeScope())
            {
                moved = ones(1).MoveToOuterDisposeScope();
                kept = ones(1).MoveToOuterDisposeScope().MoveToOuterDisposeScope();
                detached = ones(1).DetachFromDisposeScope();
            }

            Assert.False(moved.IsInvalid);
            Assert.Equal(1, outer.DisposablesCount);
        }

        Assert.True(moved.IsInvalid);
        Assert.False(kept.IsInvalid);
        Assert.False(detached.IsInvalid);
        kept.Dispose();
        detached.Dispose();
    }

    [Fact]
    public void A_tensor_disposed_by_hand_leaves_its_scope()
    {
        using var scope = NewDisposeScope();
        var tensors = Enumerable.Range(0, 5).Select(i => tensor(i)).ToArray();
        tensors[1].Dispose();
        tensors[4].Dispose();
        Assert.Equal(3, scope.DisposablesCount);
        Assert.Equal(3, tensors[3].item<int>());
        tensors[1].Dispose();
        Assert.Equal(3, scope.DisposablesCount);
    }

    [Fact]
    public void A_scope_can_be_emptied_but_for_some_and_take_over_others()
    {
        using var outside = ones(1);
        using var scope = NewDisposeScope();
        var a = ones(1);
        var b = ones(1);
        Assert.Same(b, scope.DisposeEverythingBut(b));
        Assert.True(a.IsInvalid);
        Assert.False(b.IsInvalid);
        scope.Attach(outside);
        Assert.Equal(2, scope.DisposablesCount);
        scope.DisposeEverything();
        Assert.True(outside.IsInvalid && b.IsInvalid);
        Assert.Throws<InvalidOperationException>(() => scope.Attach(new MemoryStream()));
    }

    [Fact]
    public void Several_tensors_move_at_once()
    {
        using var outer = NewDisposeScope();
        var inner = NewDisposeScope();
        var (a, b) = inner.MoveToOuter(ones(1), ones(2));
        var c = ones(3);
        inner.MoveToOuter(new IDisposable[] { c });
        inner.Detach(new IDisposable[] { ones(4) });
        Assert.Equal(0, inner.DisposablesCount);
        inner.Dispose();
        Assert.Equal(3, outer.DisposablesCount);
        Assert.Equal(6, a.numel() + b.numel() + c.numel());
        Assert.Throws<ObjectDisposedException>(() => inner.DisposablesCount);
    }

    [Fact]
    public void Scopes_may_end_out_of_order()
    {
        var outer = NewDisposeScope();
        var inner = NewDisposeScope();
        outer.Dispose();
        Assert.Same(inner, CurrentDisposeScope);
        var x = ones(1);
        inner.Dispose();
        Assert.Null(CurrentDisposeScope);
        Assert.True(x.IsInvalid);
    }

    [Fact]
    public void Scopes_belong_to_their_thread()
    {
        using var scope = NewDisposeScope();
        Tensor? other = null;
        var thread = new Thread(() => other = ones(1));
        thread.Start();
        thread.Join();
        Assert.Equal(0, scope.DisposablesCount);
        other!.Dispose();
    }

    [Fact]
    public void An_expression_can_be_wrapped_in_a_scope()
    {
        using var scope = NewDisposeScope();
        using var x = WrappedTensorDisposeScope(() => ones(2) + ones(2) * 3);
        Assert.Equal([4, 4], x.Floats());
        Assert.Equal(1, scope.DisposablesCount);
    }

    [Fact]
    public void Random_moves_never_lose_or_double_free_a_tensor()
    {
        var random = new Random(1);
        var before = Tensor.TotalCount;
        for (var round = 0; round < 50; round++)
        {
            var detached = new List<Tensor>();
            using (NewDisposeScope())
            {
                for (var level = 0; level < 3; level++)
                {
                    using var scope = NewDisposeScope();
                    for (var i = 0; i < 20; i++)
                    {
                        var x = tensor(i);
                        switch (random.Next(4))
                        {
                            case 0: x.Dispose(); break;
                            case 1: x.MoveToOuterDisposeScope(); break;
                            case 2: detached.Add(x.DetachFromDisposeScope()); break;
                        }
                    }
                }
            }

            Assert.All(detached, x => Assert.InRange(x.item<int>(), 0, 19));
            detached.ForEach(x => x.Dispose());
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Tensors_and_scopes_that_nobody_disposed_are_collected()
    {
        Collect();
        var before = Tensor.TotalCount;
        Leak();
        Assert.True(Tensor.TotalCount >= before + 40);
        Collect();
        Assert.Equal(before, Tensor.TotalCount);
    }

    private static void Collect()
    {
        for (var i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Leak()
    {
        for (var i = 0; i < 20; i++)
        {
            _ = ones(10);
        }

        // The scope stack of a thread goes with the thread.
        var thread = new Thread(() =>
        {
            _ = NewDisposeScope();
            for (var i = 0; i < 20; i++)
            {
                _ = ones(10);
            }
        });
        thread.Start();
        thread.Join();
    }
}
