namespace Rapid.Agents.Observations;

/// <summary>Arrays that grow to what the largest batch needs.</summary>
internal static class Growing
{
    /// <summary>Makes room behind what is there.</summary>
    /// <param name="array">Replaced when it is too small; what it holds is kept.</param>
    /// <param name="used">Elements that hold something.</param>
    /// <param name="more">Elements that are about to come.</param>
    public static void Ensure<T>(ref T[] array, int used, int more)
    {
        if (checked(used + more) > array.Length)
        {
            Array.Resize(ref array, used + more);
        }
    }
}
