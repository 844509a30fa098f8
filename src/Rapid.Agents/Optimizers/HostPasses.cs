using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rapid.Agents.Optimizers;

/// <summary>
/// Steps over flat buffers in host memory in one pass. The tensor library makes a pass over the second cache's whole content for each
/// operation, seven for Adam. Elements depend on nothing but themselves, so that the width of vectors changes no bit.
/// </summary>
internal static class HostPasses
{
    /// <summary>m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, theta -= step m / (sqrt(v) + epsilon): <see cref="FlatAdam"/>.</summary>
    /// <param name="parameters">[P], theta.</param>
    /// <param name="gradients">[P], g.</param>
    /// <param name="first">[P], m.</param>
    /// <param name="second">[P], v.</param>
    /// <param name="betas">b1 and b2.</param>
    /// <param name="step">Learning rate with both bias corrections.</param>
    /// <param name="epsilon">With the second moment's correction.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Adam(
        Span<float> parameters,
        ReadOnlySpan<float> gradients,
        Span<float> first,
        Span<float> second,
        (double First, double Second) betas,
        float step,
        float epsilon)
    {
        var (decay1, decay2) = ((float)betas.First, (float)betas.Second);
        var (fresh1, fresh2) = ((float)(1 - betas.First), (float)(1 - betas.Second));
        var epsilons = new Vector<float>(epsilon);
        var i = 0;
        for (; i <= parameters.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var gradient = new Vector<float>(gradients[i..]);
            var m = new Vector<float>(first[i..]) * decay1 + gradient * fresh1;
            var v = new Vector<float>(second[i..]) * decay2 + gradient * gradient * fresh2;
            m.CopyTo(first[i..]);
            v.CopyTo(second[i..]);
            (new Vector<float>(parameters[i..]) - step * m / (Vector.SquareRoot(v) + epsilons)).CopyTo(parameters[i..]);
        }

        for (; i < parameters.Length; i++)
        {
            first[i] = first[i] * decay1 + gradients[i] * fresh1;
            second[i] = second[i] * decay2 + gradients[i] * gradients[i] * fresh2;
            parameters[i] -= step * first[i] / (MathF.Sqrt(second[i]) + epsilon);
        }
    }

    /// <summary>target = goal - (1 - rate) (goal - target), which is exact where both are equal and at rate 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MoveTowards(Span<float> target, ReadOnlySpan<float> goal, double rate)
    {
        var rest = (float)(1 - rate);
        var i = 0;
        for (; i <= target.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var to = new Vector<float>(goal[i..]);
            (to - rest * (to - new Vector<float>(target[i..]))).CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            target[i] = goal[i] - rest * (goal[i] - target[i]);
        }
    }
}
