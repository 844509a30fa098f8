using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class TensorTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void A_tensor_from_an_array_has_its_shape_type_and_values()
    {
        var x = tensor(new float[] { 1, 2, 3, 4, 5, 6 }, [2, 3]);
        Assert.Equal([2, 3], x.shape);
        Assert.Equal([3, 1], x.stride());
        Assert.Equal((2, 6, 4), (x.dim(), x.numel(), x.element_size()));
        Assert.Equal(float32, x.dtype);
        Assert.Equal(DeviceType.CPU, x.device.type);
        Assert.Equal([1, 2, 3, 4, 5, 6], x.Floats());
        Assert.Equal(6, x[1, 2].item<float>());
        Assert.Equal([3, 6], x[TensorIndex.Colon, 2].Floats());
        Assert.Equal("[2x3], type = Float32, device = cpu", x.ToString());
    }

    [Fact]
    public void Changing_the_source_array_does_not_change_a_tensor_made_from_it()
    {
        var values = new float[] { 1, 2 };
        var x = tensor(values);
        values[0] = 9;
        Assert.Equal([1, 2], x.Floats());
    }

    [Fact]
    public void From_array_and_frombuffer_share_memory_with_the_array()
    {
        var values = new float[] { 1, 2, 3, 4 };
        var whole = from_array(values);
        var part = frombuffer(values, float32, count: 2, offset: 1);
        values[1] = 20;
        part[1] = tensor(30f);
        Assert.Equal([1, 20, 30, 4], whole.Floats());
        Assert.Equal([20, 30], part.Floats());
        Assert.Equal(30, values[2]);
        Assert.Throws<ArgumentException>(() => frombuffer(values, float32, offset: 4));
        Assert.Throws<IndexOutOfRangeException>(() => frombuffer(values, float32, count: 4, offset: 1));
    }

    [Fact]
    public void From_array_keeps_the_shape_of_a_matrix()
    {
        var x = from_array(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Assert.Equal([2, 3], x.shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], x.Doubles());
    }

    [Fact]
    public void Bytes_read_and_write_the_memory_of_the_tensor()
    {
        var x = zeros(2, int32);
        x.bytes[0] = 7;
        Assert.Equal([7, 0], x.data<int>().ToArray());
        x.bytes = new byte[] { 1, 0, 0, 0, 2, 0, 0, 0 };
        Assert.Equal([1, 2], x.data<int>().ToArray());
        Assert.Throws<ArgumentException>(() => x.bytes = new byte[3]);
        Assert.Throws<InvalidOperationException>(() => { _ = zeros(2, 3).t().bytes; });
    }

    [Fact]
    public void An_accessor_follows_the_strides_of_a_view()
    {
        var x = arange(6).reshape(2, 3).t();
        Assert.Equal([0, 3, 1, 4, 2, 5], x.data<long>().ToArray());
        Assert.Equal([0, 3, 1, 4, 2, 5], x.data<long>());
        Assert.Equal(4, x.data<long>()[1, 1]);
        var target = new long[2];
        x.data<long>().CopyTo(target, tensorIndex: 4);
        Assert.Equal([2, 5], target);
        x.data<long>().CopyFrom([10, 11]);
        Assert.Equal([10, 11, 1, 4, 2, 5], x.data<long>().ToArray());
        Assert.Throws<IndexOutOfRangeException>(() => x.data<long>()[3, 0]);
        Assert.Throws<ArgumentException>(() => x.data<float>());
    }

    [Fact]
    public void Arithmetic_matches_hand_computed_values()
    {
        var x = tensor(new double[] { 1, 4, 9 });
        var y = tensor(new double[] { 2, 2, 2 });
        Setup.Near([3, 6, 11], x + y);
        Setup.Near([-1, 2, 7], x - y);
        Setup.Near([2, 8, 18], x * y);
        Setup.Near([0.5, 2, 4.5], x / y);
        Setup.Near([0, -3, -8], 1 - x);
        Setup.Near([1, 0.25, 1.0 / 9], 1 / x);
        Setup.Near([1, 0, 1], x % 2);
        Setup.Near([0, 2, 4], x.div(y, RoundingMode.floor));
        Setup.Near([1, 2, 3], x.sqrt());
        Setup.Near([1, 16, 81], x.square());
        Setup.Near([1, 8, 27], x.pow(1.5));
        Setup.Near([5, 12, 21], x.addcmul(y, y, 1).sub(y).add(x).sub(x.mul(0)).add(tensor(new double[] { 1, 2, 1 })));
        Setup.Near([2, 4, 5], x.clamp(2, 5));
        Setup.Near([1, 5, 10], x.lerp(x + 1, tensor(new double[] { 0, 1, 1 })));
        Setup.Near([Math.Log(2), Math.Log(5), Math.Log(10)], x.log1p());
        Setup.Near([1, 2, 2], minimum(x, y));
        Setup.Near([2, 4, 9], maximum(x, y));
        Setup.Near([2, 4, 9], where(x > y, x, y));
        Setup.Near([Math.Log(1 + Math.E), 4.0181499279178094, 9.0001234021897236], x.softplus());
    }

    [Fact]
    public void In_place_operations_change_the_tensor_and_return_it()
    {
        var x = tensor(new float[] { 1, 2 });
        var same = x.add_(1).mul_(2).sub_(x.detach().clone().mul_(0)).div_(4);
        Assert.Same(x, same);
        Assert.Equal([1, 1.5f], x.Floats());
        x.addcmul_(x.clone(), ones(2), 2).addcdiv_(ones(2), full(2, 2.0f), -1).sqrt_();
        Setup.Near([Math.Sqrt(2.5), 2], x);
        x.fill_(3).clamp_(max: 2).neg_().abs_().copy_(tensor(new float[] { 5, 6 })).zero_();
        Assert.Equal([0, 0], x.Floats());
    }

    [Fact]
    public void Integers_and_floats_promote_as_in_libtorch()
    {
        var integers = tensor(new long[] { 1, 2 });
        Assert.Equal(int64, (integers + 1).dtype);
        Assert.Equal(float32, (integers + 1.5).dtype);
        Assert.Equal(float32, (1.5 - integers).dtype);
        Assert.Equal(float32, (integers / 2).dtype);
        Assert.Equal(float64, (integers * tensor(new double[] { 1 })).dtype);
        Assert.Equal(@bool, (integers > 1).dtype);
        Assert.Equal(int64, full(2, 3).dtype);
        Assert.Equal(float32, full(2, 3.0).dtype);
        Assert.Equal(int64, arange(3).dtype);
        Assert.Equal(float32, arange(0, 1, 0.25).dtype);
    }

    [Fact]
    public void Reductions_match_hand_computed_values()
    {
        var x = tensor(new double[] { 1, 2, 3, 4, 5, 6 }, [2, 3]);
        Assert.Equal(21, x.sum().ToDouble());
        Setup.Near([5, 7, 9], x.sum(dim: 0));
        Setup.Near([6, 15], x.sum([1L]));
        Assert.Equal([2, 1], x.sum(1, keepdim: true).shape);
        Setup.Near([2, 5], x.mean([1]));
        Assert.Equal(3.5, x.mean().item<double>());
        Assert.Equal(Math.Sqrt(3.5), x.std().ToDouble(), 12);
        Assert.Equal(35.0 / 12, x.var(false).ToDouble(), 12);
        Setup.Near([1, 1], x.std(1));
        Assert.Equal(Math.Sqrt(91), x.norm().ToDouble(), 12);
        Assert.Equal(21, x.norm(1f).ToDouble(), 12);
        Assert.Equal((6, 1, 5L), (x.max().ToDouble(), x.min().ToDouble(), x.argmax().ToInt64()));
        var (values, indices) = x.max(1);
        Setup.Near([3, 6], values);
        Assert.Equal([2L, 2L], indices.data<long>().ToArray());
        Setup.Near([1, 3, 6, 4, 9, 15], x.cumsum(1));
        Setup.Near([Math.Log(Math.E + Math.E * Math.E + Math.Exp(3))], x[0].logsumexp(0));
        Assert.True((x > 0).all().ToBoolean());
        Assert.False((x > 6).any().ToBoolean());
        Assert.Equal([2L, 1L, 0L], x[0].argsort(descending: true).data<long>().ToArray());
    }

    [Fact]
    public void Softmax_and_log_softmax_agree_and_sum_to_one()
    {
        var x = tensor(new double[] { 1000, 1001, 1002 });
        var e = new[] { Math.Exp(-2), Math.Exp(-1), 1 };
        Setup.Near([.. e.Select(v => v / e.Sum())], x.softmax(0), 1e-12);
        Setup.Near(x.softmax(0).log().Doubles(), x.log_softmax(-1), 1e-12);
    }

    [Fact]
    public void Matrix_products_match_hand_computed_values()
    {
        var a = tensor(new double[] { 1, 2, 3, 4 }, [2, 2]);
        var b = tensor(new double[] { 5, 6, 7, 8 }, [2, 2]);
        double[] product = [19, 22, 43, 50];
        Setup.Near(product, a.matmul(b));
        Setup.Near(product, mm(a, b));
        Setup.Near(product, einsum("ij,jk->ik", a, b));
        Setup.Near(product, bmm(a.unsqueeze(0), b.unsqueeze(0)));
        Setup.Near([20, 24, 46, 54], addmm(a, a, b, 1, 1));
        Setup.Near([20, 24, 46, 54], a.unsqueeze(0).baddbmm(a.unsqueeze(0), b.unsqueeze(0)));
        Setup.Near([5, 11], a.mv(tensor(new double[] { 1, 2 })));
        Setup.Near([18, 24, 40, 54], nn.functional.linear(a, b, tensor(new double[] { 1, 1 })).add_(tensor(new double[] { 0, 0 })));
    }

    [Fact]
    public void Linear_algebra_inverts_what_it_takes_apart()
    {
        var a = tensor(new double[] { 4, 1, 1, 3 }, [2, 2]);
        var (q, r) = linalg.qr(a);
        Assert.True(q.matmul(r).allclose(a));
        var (values, vectors) = linalg.eigh(a);
        Setup.Near([(7 - Math.Sqrt(5)) / 2, (7 + Math.Sqrt(5)) / 2], values, 1e-12);
        Assert.True(a.matmul(vectors).allclose(vectors * values));
        var lower = linalg.cholesky(a);
        Assert.True(lower.matmul(lower.T).allclose(a));
        Assert.True(linalg.inv(a).matmul(a).allclose(eye(2, dtype: float64)));
        Assert.Equal(Math.Sqrt(27), linalg.norm(a).ToDouble(), 12);
        Assert.Equal(4, linalg.vector_norm(a, double.PositiveInfinity).ToDouble());
    }

    [Fact]
    public void Views_share_memory_and_know_their_shape()
    {
        var x = arange(12);
        var grid = x.view(3, -1);
        grid[0, 0] = tensor(100L);
        Assert.Equal(100, x[0].item<long>());
        Assert.Equal([4, 3], grid.t().shape);
        Assert.Equal([2, 3, 2], x.reshape(2, 2, 3).permute(0, 2, 1).shape);
        Assert.Equal([12], grid.flatten().shape);
        Assert.Equal([3, 1, 4], grid.unsqueeze(1).shape);
        Assert.Equal([3, 4], grid.unsqueeze(1).squeeze(1).shape);
        Assert.Equal([5, 3, 4], grid.expand(5, 3, 4).shape);
        Assert.Equal([4L, 5L], grid.narrow(1, 0, 2)[1].data<long>().ToArray());
        Assert.Equal([1L, 3L], grid.slice(1, 1, 4, 2)[0].data<long>().ToArray());
        Assert.Equal([8L, 9L, 10L, 11L], grid[^1].data<long>().ToArray());
        Assert.Equal([4L, 8L], grid[1.., 0].data<long>().ToArray());
        Assert.Equal([6L, 7L], grid[TensorIndex.Single(1), TensorIndex.Slice(-2)].data<long>().ToArray());
        Assert.Equal([1, 3, 4], grid[TensorIndex.None, TensorIndex.Ellipsis].shape);
    }

    [Fact]
    public void Indexing_by_tensors_selects_and_writes()
    {
        var x = tensor(new double[] { 1, 2, 3, 4, 5, 6 }, [2, 3]);
        Setup.Near([4, 5, 6, 1, 2, 3], x[tensor(new long[] { 1, 0 })]);
        Setup.Near([4, 5, 6], x[x > 3]);
        Setup.Near([3, 1], x[0].index_select(0, tensor(new long[] { 2, 0 })));
        Setup.Near([2, 6], x.gather(1, tensor(new long[] { 1, 2 }, [2, 1])));
        x[x > 3] = tensor(0.0);
        Setup.Near([1, 2, 3, 0, 0, 0], x);
        x.index_put_(9, TensorIndex.Ellipsis, 0);
        Setup.Near([9, 2, 3, 9, 0, 0], x);
        Setup.Near([9, -1, -1, 9, -1, -1], x.masked_fill(x < 9, -1));
        Assert.Equal([0, 1, 0, 0, 0, 1], nn.functional.one_hot(tensor(new long[] { 1, 2 }), 3).data<long>().ToArray());
    }

    [Fact]
    public void Joining_and_splitting_are_inverse()
    {
        var x = arange(10).reshape(5, 2);
        Assert.True(cat(x.split(2)).Equals(x));
        Assert.True(cat(x.split([1, 4])).Equals(x));
        Assert.True(cat(x.chunk(3)).Equals(x));
        Assert.True(stack(x.unbind()).Equals(x));
        Assert.Equal([2, 2, 1], x.split(2).Select(part => part.size(0)));
        Assert.Equal([2, 5], stack([x[TensorIndex.Colon, 0], x[TensorIndex.Colon, 1]]).shape);
    }

    [Fact]
    public void Non_finite_values_are_found()
    {
        var x = tensor(new[] { 1f, float.NaN, float.PositiveInfinity });
        Assert.Equal([true, false, false], x.isfinite().data<bool>().ToArray());
        Assert.Equal([false, true, false], x.isnan().data<bool>().ToArray());
    }

    [Fact]
    public void Conversions_change_type_and_share_where_nothing_changes()
    {
        var x = tensor(new[] { 1.7, -1.7 });
        Assert.Equal([1, -1], x.to(int32).data<int>().ToArray());
        Assert.Equal([1.7f, -1.7f], x.@float().Floats());
        x.to(float64).zero_();
        Assert.Equal([0, 0], x.Doubles());
        var copy = x.to(float64, copy: true);
        copy.fill_(1);
        Assert.Equal([0, 0], x.Doubles());
        Assert.Equal(3, (int)tensor(3L));
        Assert.Equal(2.5, (double)tensor(2.5f));
        Assert.Equal(2.5f, tensor(2.5).ToSingle());
        Assert.Equal(ScalarType.Int64, tensor(3L).ToScalar().Type);
        Assert.Throws<ArgumentException>(() => x.item<double>());
    }

    [Fact]
    public void Devices_are_named_as_in_libtorch()
    {
        Assert.Equal("cpu", CPU.ToString());
        Assert.Equal((DeviceType.CUDA, 1, "cuda:1"), (device("cuda:1").type, device("cuda:1").index, device("cuda:1").ToString()));
        Assert.Throws<ArgumentException>(() => device("tpu"));
        Assert.Equal(cuda.device_count() > 0, cuda.is_available());
    }
}
