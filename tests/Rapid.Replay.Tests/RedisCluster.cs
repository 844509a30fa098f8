using System.Globalization;

namespace Rapid.Replay.Tests;

/// <summary>Three real nodes that share the slots.</summary>
internal sealed class RedisCluster : IDisposable
{
    private const int Slots = 16384;

    private RedisCluster(params string[] settings) => Nodes = [.. Enumerable.Range(0, 3).Select(_ => new RedisServer(
        more: ["--cluster-enabled", "yes", "--cluster-port", $"{FreePorts.One()}", "--cluster-node-timeout", "3000", .. settings]))];

    public IReadOnlyList<RedisServer> Nodes { get; }

    /// <summary>One node is enough to find the others.</summary>
    public string Configuration => Nodes[0].Configuration;

    /// <param name="settings">More of every node's redis.conf.</param>
    public static async Task<RedisCluster> StartAsync(params string[] settings)
    {
        var cluster = new RedisCluster(settings);
        try
        {
            for (var i = 0; i < cluster.Nodes.Count; i++)
            {
                var (node, first, last) = (cluster.Nodes[i], i * Slots / cluster.Nodes.Count, (i + 1) * Slots / cluster.Nodes.Count - 1);
                await node.WaitForAsync("PONG", "PING");
                await node.WaitForAsync("OK", "CLUSTER", "ADDSLOTSRANGE", $"{first}", $"{last}");
                var bus = (await node.CommandAsync("CONFIG", "GET", "cluster-port")).Split('\n')[1];
                await cluster.Nodes[0].WaitForAsync("OK", "CLUSTER", "MEET", "127.0.0.1", $"{node.Port}", bus);
            }

            foreach (var node in cluster.Nodes)
            {
                await node.WaitForAsync("cluster_state:ok", "CLUSTER", "INFO");
            }

            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>The slot of a table, and the node that has it.</summary>
    public async Task<(int Slot, RedisServer Owner)> FindAsync(string table)
    {
        var slot = int.Parse(
            await Nodes[0].CommandAsync("CLUSTER", "KEYSLOT", $"rapid:{{{table}}}:blocks"), CultureInfo.InvariantCulture);
        return (slot, Nodes[slot * Nodes.Count / Slots]);
    }

    /// <summary>Moves a slot with its keys while it is used.</summary>
    public async Task MoveAsync(int slot, RedisServer from, RedisServer to)
    {
        var (source, target) = ((await from.CommandAsync("CLUSTER", "MYID")).Trim(), (await to.CommandAsync("CLUSTER", "MYID")).Trim());
        await to.WaitForAsync("OK", "CLUSTER", "SETSLOT", $"{slot}", "IMPORTING", source);
        await from.WaitForAsync("OK", "CLUSTER", "SETSLOT", $"{slot}", "MIGRATING", target);
        while ((await from.CommandAsync("CLUSTER", "GETKEYSINSLOT", $"{slot}", "1")).Trim() is { Length: > 0 } key)
        {
            await from.CommandAsync("MIGRATE", "127.0.0.1", $"{to.Port}", key, "0", "3000");
            await Task.Delay(50);
        }

        foreach (var node in (RedisServer[])[to, from, .. Nodes])
        {
            await node.WaitForAsync("OK", "CLUSTER", "SETSLOT", $"{slot}", "NODE", target);
        }
    }

    public void Dispose()
    {
        foreach (var node in Nodes)
        {
            node.Dispose();
        }
    }
}
