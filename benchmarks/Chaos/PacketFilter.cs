using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.NetworkInformation;

namespace Rapid.Benchmarks;

/// <summary>
/// Loses packets between processes, as a bad network does: neither side is told, and connections to come suffer too. The kernel's filter
/// does it, in a network of this program's own (the script gives it one), because all others of the machine would lose theirs as well.
/// </summary>
internal sealed class PacketFilter
{
    private const string Table = "inet rapid_chaos";

    private readonly string _chain;

    private PacketFilter(string chain) => _chain = chain;

    /// <summary>Makes the filter; null, and why, where packets cannot be filtered.</summary>
    public static async Task<(PacketFilter? Filter, string? WhyNot)> CreateAsync()
    {
        // One of our own leads nowhere else.
        if (NetworkInterface.GetAllNetworkInterfaces().Any(
            network => network.NetworkInterfaceType != NetworkInterfaceType.Loopback && network.OperationalStatus == OperationalStatus.Up))
        {
            return (null, "packets are lost in a network of the drill's own alone, which root has with nft");
        }

        try
        {
            await RunAsync(
                $$"""
                add table {{Table}}
                add chain {{Table}} input { type filter hook input priority 0; }
                """);
            return (new PacketFilter($"{Table} input"), null);
        }
        catch (Exception error) when (error is Win32Exception or InvalidOperationException)
        {
            return (null, error.Message);
        }
    }

    /// <summary>Loses so many of a hundred packets from and to ports.</summary>
    public Task LoseAsync(IEnumerable<int> ports, long percent)
    {
        var drawn = percent < 100 ? string.Create(CultureInfo.InvariantCulture, $"numgen random mod 100 < {percent} ") : "";
        var some = $"{{ {string.Join(", ", ports)} }} {drawn}drop";
        return RunAsync(
            $"""
            add rule {_chain} tcp dport {some}
            add rule {_chain} tcp sport {some}
            """);
    }

    /// <summary>Loses no more.</summary>
    public Task HealAsync() => RunAsync($"flush chain {_chain}");

    private static async Task RunAsync(string rules)
    {
        using var nft = Process.Start(
            new ProcessStartInfo("nft", ["-f", "-"]) { RedirectStandardInput = true, RedirectStandardError = true })!;
        await nft.StandardInput.WriteLineAsync(rules);
        nft.StandardInput.Close();
        var errors = await nft.StandardError.ReadToEndAsync();
        await nft.WaitForExitAsync();
        if (nft.ExitCode != 0)
        {
            throw new InvalidOperationException($"nft refuses \"{rules}\": {errors}");
        }
    }
}
