using Rapid.Core;

namespace Rapid.Cli.Play;

/// <summary>Actions by chance.</summary>
internal static class RandomActions
{
    /// <summary>Draws one, evenly among the choices or between the bounds; -1 to 1 where there is none.</summary>
    /// <param name="space">Of the actions.</param>
    /// <param name="random">Where it is drawn from.</param>
    /// <param name="action">[act], overwritten.</param>
    public static void Draw(Space space, RandomStream random, Span<float> action)
    {
        for (var i = 0; i < action.Length; i++)
        {
            action[i] = space switch
            {
                DiscreteSpace choices => random.NextIndex(choices.Count),
                BoxSpace box when float.IsFinite(box.Low[i]) && float.IsFinite(box.High[i]) =>
                    (float)random.NextUniform(box.Low[i], box.High[i]),
                _ => (float)random.NextUniform(-1, 1),
            };
        }
    }
}
