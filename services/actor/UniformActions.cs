using Rapid.Core;

namespace Rapid.Actor;

/// <summary>Actions that know nothing: uniform over the box, or over the choices.</summary>
internal static class UniformActions
{
    /// <summary>One action for each environment.</summary>
    /// <param name="space">A finite box, or discrete.</param>
    /// <param name="noise">[n], the random stream of each environment.</param>
    /// <param name="actions">[n, act]; a discrete action is its index.</param>
    public static void Draw(Space space, ReadOnlySpan<RandomStream> noise, Span<float> actions)
    {
        for (var i = 0; i < noise.Length; i++)
        {
            if (space is BoxSpace box)
            {
                for (var j = 0; j < box.Size; j++)
                {
                    actions[i * box.Size + j] = (float)(box.Low[j] + noise[i].NextDouble() * ((double)box.High[j] - box.Low[j]));
                }
            }
            else
            {
                actions[i] = Math.Min((int)(noise[i].NextDouble() * ((DiscreteSpace)space).Count), ((DiscreteSpace)space).Count - 1);
            }
        }
    }
}
