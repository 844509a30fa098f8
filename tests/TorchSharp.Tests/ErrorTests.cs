using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class ErrorTests
{
    [Fact]
    public void A_shape_mismatch_is_reported_in_libtorchs_words()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ExternalException>(() => zeros(2, 3).matmul(zeros(2, 3)));
        Assert.Equal("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)", error.Message);
        Assert.Contains("must match", Assert.Throws<ExternalException>(() => zeros(2) + zeros(3)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kind_of_call_reports_its_error()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, 3);
        Assert.Throws<ExternalException>(() => x.view(4));
        Assert.Throws<ExternalException>(() => x.add_(zeros(5)));
        Assert.Throws<ExternalException>(() => x[2]);
        Assert.Throws<ExternalException>(() => x.size(2));
        Assert.Throws<ExternalException>(() => x.ToDouble());
        Assert.Throws<ExternalException>(() => x.split([1, 2]));
        Assert.Throws<ExternalException>(() => x.max(7));
        Assert.Throws<ExternalException>(() => cat([x, zeros(4, 4)]));
        Assert.Throws<ExternalException>(() => x.sum().backward());
        Assert.Throws<ExternalException>(() => x.@long().requires_grad_());
        Assert.Throws<ExternalException>(() => autograd.grad([x], [x]));
        Assert.Throws<ExternalException>(() => nn.init.orthogonal_(zeros(2)));
        Assert.Throws<ExternalException>(() => tensor(new[] { 1f, -1f }).multinomial(1));
        Assert.Throws<ArgumentException>(() => cat([]));
        Assert.Throws<ArgumentException>(() => tensor(new float[3], [2, 2]));
        Assert.Throws<NotSupportedException>(() => from_array(new[] { "text" }));
    }

    [Fact]
    public void Changing_a_leaf_in_place_while_recording_is_refused()
    {
        using var scope = NewDisposeScope();
        var leaf = zeros(2).requires_grad_();
        Assert.Contains("leaf", Assert.Throws<ExternalException>(() => leaf.add_(1)).Message, StringComparison.Ordinal);
        using var recording = no_grad();
        Assert.Equal([1, 1], leaf.add_(1).Floats());
    }

    [Fact]
    public void Messages_belong_to_their_thread()
    {
        using var scope = NewDisposeScope();
        var messages = new string[4];
        var threads = Enumerable.Range(0, 4).Select(i => new Thread(() =>
        {
            using var own = NewDisposeScope();
            for (var n = 0; n < 200; n++)
            {
                messages[i] = Assert.Throws<ExternalException>(() => zeros(1, i + 2).mm(zeros(1, i + 2))).Message;
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        for (var i = 0; i < 4; i++)
        {
            Assert.Contains($"(1x{i + 2} and 1x{i + 2})", messages[i], StringComparison.Ordinal);
        }
    }
}
