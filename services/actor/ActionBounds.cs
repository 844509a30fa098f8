using System.Globalization;
using Rapid.Core;
using Rapid.Policies;

namespace Rapid.Actor;

/// <summary>Whether a policy can reach the actions of an environment.</summary>
internal static class ActionBounds
{
    /// <summary>What a user should know of a policy that begins as a normal distribution around 0, clipped to the box; null when all is
    /// well.</summary>
    public static string? Warning(PolicyLayout layout, Space actions)
    {
        if (layout.Kind != PolicyKind.Gaussian || actions is not BoxSpace box)
        {
            return null;
        }

        var bad = Enumerable.Range(0, box.Size).FirstOrDefault(j => box.Low[j] >= 0 || box.High[j] <= 0, -1);
        return bad < 0 ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"dimension {bad} of the actions lies in [{box.Low[bad]}, {box.High[bad]}], and the policy begins around 0: what lies outside is "
            + $"clipped to an edge; set environment.rescale_actions: true (of a finite box), or use sac, which fills any finite box");
    }
}
