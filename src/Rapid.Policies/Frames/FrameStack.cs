using Rapid.Core;

namespace Rapid.Policies.Frames;

/// <summary>
/// Which frames make up an observation. A policy sees the newest frame and those before it, as far back as the episode goes; what is
/// missing is filled as <see cref="FrameSpace.Padding"/> says (OpenAI baselines: zeros in the vector wrapper, the first frame in the
/// wrapper of one environment).
/// </summary>
public static class FrameStack
{
    /// <summary>Stands for a black frame.</summary>
    public const int Blank = -1;

    /// <summary>Age of an observation after a step: how many frames of its episode come before it, no more than a stack holds.</summary>
    /// <param name="space">Size of the stack.</param>
    /// <param name="age">Of the observation before the step.</param>
    /// <param name="ended">The step ended the episode.</param>
    public static int Next(FrameSpace space, int age, bool ended)
    {
        ArgumentNullException.ThrowIfNull(space);
        return ended ? 0 : Math.Min(age + 1, space.Stack - 1);
    }

    /// <summary>How many steps back the frame of a plane lies, or <see cref="Blank"/>.</summary>
    /// <param name="space">Size of the stack and its padding.</param>
    /// <param name="age">Of the observation.</param>
    /// <param name="plane">0 is the oldest, <c>Stack - 1</c> the newest.</param>
    public static int StepsBack(FrameSpace space, int age, int plane)
    {
        ArgumentNullException.ThrowIfNull(space);
        var back = space.Stack - 1 - plane;
        return back <= age ? back : space.Padding == StackPadding.Zeros ? Blank : age;
    }
}
