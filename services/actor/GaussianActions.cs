using Rapid.Core;

namespace Rapid.Actor;

/// <summary>Normal noise on the actions of a policy that has none of its own.</summary>
internal static class GaussianActions
{
    /// <summary>Adds noise and clips to the box.</summary>
    /// <param name="box">Of actions, finite.</param>
    /// <param name="deviation">Standard deviation, in half widths of the box.</param>
    /// <param name="noise">[n], the random stream of each environment.</param>
    /// <param name="actions">[n, act].</param>
    public static void Disturb(BoxSpace box, double deviation, ReadOnlySpan<RandomStream> noise, Span<float> actions)
    {
        for (var i = 0; i < noise.Length; i++)
        {
            for (var j = 0; j < box.Size; j++)
            {
                ref var action = ref actions[i * box.Size + j];
                var halfWidth = ((double)box.High[j] - box.Low[j]) / 2;
                action = Math.Clamp((float)(action + deviation * halfWidth * noise[i].NextNormal()), box.Low[j], box.High[j]);
            }
        }
    }
}
