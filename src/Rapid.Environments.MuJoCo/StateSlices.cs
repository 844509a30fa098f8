using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.MuJoCo;

/// <summary>The end of an array of a simulation, clipped if need be.</summary>
/// <param name="Array">Which.</param>
/// <param name="Skip">Elements at its beginning that are left out.</param>
/// <param name="Limits">What elements are clipped to, or null.</param>
internal readonly record struct StateSlice(MuJoCoArray Array, int Skip = 0, Interval? Limits = null);

/// <summary>An observation that is made of arrays of a simulation, one after the other.</summary>
internal sealed class StateSlices(params StateSlice[] slices)
{
    /// <summary>Numbers in total.</summary>
    public int Size { get; } = slices.Sum(slice => slice.Array.Count - slice.Skip);

    /// <summary>Writes the present values, [<see cref="Size"/>].</summary>
    public void Write(Span<double> observation)
    {
        foreach (var (array, skip, limits) in slices)
        {
            var values = array.Span[skip..];
            if (limits is { } range)
            {
                for (var i = 0; i < values.Length; i++)
                {
                    observation[i] = Math.Clamp(values[i], range.Low, range.High);
                }
            }
            else
            {
                values.CopyTo(observation);
            }

            observation = observation[values.Length..];
        }
    }
}
