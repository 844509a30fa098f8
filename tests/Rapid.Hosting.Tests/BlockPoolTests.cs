using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Rapid.Hosting.Tests;

/// <summary>The memory of bytes under way.</summary>
public class BlockPoolTests
{
    [Fact]
    public async Task Blocks_that_were_given_back_are_used_again_and_16_MiB_of_them_wait_for_that()
    {
        const int BlockBytes = 16 << 10, Blocks = 2000;
        var options = new ServiceOptions { Listen = [ServiceAddress.Parse("http://127.0.0.1:0")] };
        await using var app = RapidHost.Build("test", options, _ => { }, _ => { });
        var pool = app.Services.GetRequiredService<IMemoryPoolFactory<byte>>().Create();

        IMemoryOwner<byte>[] earlier = [.. Enumerable.Range(0, Blocks).Select(_ => pool.Rent())];
        Array.ForEach(earlier, block => block.Dispose());
        IMemoryOwner<byte>[] later = [.. Enumerable.Range(0, Blocks).Select(_ => pool.Rent())];

        Assert.Equal(Blocks, later.Distinct().Count());
        Assert.Equal((16 << 20) / BlockBytes, later.Intersect(earlier).Count());
        Assert.All(later, block => Assert.Equal(BlockBytes, block.Memory.Length));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(BlockBytes + 1));
    }
}
