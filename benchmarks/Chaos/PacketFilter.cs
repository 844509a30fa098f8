using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.NetworkInformation;

namespace Rapid.Benchmarks;

/// <summary>
/// Loses packets between processes, as a bad network does: neither side is told, and connections to come suffer too. The kernel's filter does it,
/// in a network of this program's own (the script gives it one), because all others of the machine would lose theirs as well.
/// </summary>
internal sealed class PacketFilter
{
    private const string Table = "inet rapid_chaos";

    private readonly string _chain;

    private PacketFilter(string chain) => _chain = chain;

    /// <summary>Makes the filter; null where packets cannot be filtered: without <c>nft</c>, its rights, or a network of our own.</summary>
    public static async Task<PacketFilter?> CreateAsync()
    {
        // One of our own leads nowhere else.
        if (NetworkInterface.GetAllNetworkInterfaces().Any(
            network => network.NetworkInterfaceType != NetworkInterfaceType.Loopback && network.OperationalStatus == OperationalStatus.Up))
        {
            return null;
        }

        try
        {
            await RunAsync($"table {Table} {{ chain input {{ type filter hook input priority 0; }} }}");
            return new PacketFilter($"{Table} input");
        }
        catch (Exception error) when (error is Win32Exception or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Loses so many of a hundred packets from and to ports.</summary>
    public Task LoseAsync(IEnumerable<int> ports, long percent)
    {
        var some = string.Create(CultureInfo.InvariantCulture, $"{{ {string.Join(", ", ports)} }} numgen random mod 100 < {percent} drop");
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
