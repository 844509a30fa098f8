using System.Globalization;

namespace Rapid.Environments.Atari.Games;

/// <summary>Sets of small numbers as people write them: 0..7 16.</summary>
public static class Ranges
{
    /// <summary>Ascending numbers as ranges, separated by blanks.</summary>
    public static string Describe(IReadOnlyList<int> numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        var parts = new List<string>();
        for (var i = 0; i < numbers.Count;)
        {
            var first = i;
            while (i + 1 < numbers.Count && numbers[i + 1] == numbers[i] + 1)
            {
                i++;
            }

            var range = i == first ? "" : string.Create(CultureInfo.InvariantCulture, $"..{numbers[i]}");
            parts.Add(numbers[first].ToString(CultureInfo.InvariantCulture) + range);
            i++;
        }

        return string.Join(' ', parts);
    }
}
