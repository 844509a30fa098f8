using System.Text.Json;

namespace Rapid.Learner.Queue;

/// <summary>What a learner says of itself to those that share its queue.</summary>
/// <param name="Address">Where it is reached.</param>
/// <param name="Slots">Slots that its runs have for actors.</param>
/// <param name="Actors">Actors that are enlisted with it.</param>
internal sealed record LearnerStatus(string Address, int Slots, int Actors)
{
    /// <summary>Reads what <see cref="ToString"/> wrote; null when a later version wrote something else.</summary>
    public static LearnerStatus? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<LearnerStatus>(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>As it is in Redis.</summary>
    public override string ToString() => JsonSerializer.Serialize(this);

    /// <summary>
    /// Which actors a learner sends on, and to whom, so that all have their share: that of the slots that their runs have. It sends whole
    /// actors alone, that it has beyond its share, to the one that lacks most: with less than a whole one too many or too few all stay
    /// where they are. One that has slots and no actor at all gets one from a learner that keeps another.
    /// </summary>
    /// <param name="others">The other learners.</param>
    /// <returns>How many, and to whom; 0 for none.</returns>
    public (int Count, LearnerStatus To) Surplus(IReadOnlyCollection<LearnerStatus> others)
    {
        // In actors times slots, so that everything is a whole number.
        var (actors, slots) = (Actors + others.Sum(other => (long)other.Actors), Slots + others.Sum(other => (long)other.Slots));
        var needy = others.Where(other => other.Slots > 0)
            .OrderByDescending(Lack).ThenBy(other => other.Address, StringComparer.Ordinal).FirstOrDefault();
        if (needy is null || Lack(needy) <= 0)
        {
            return (0, this);
        }

        var surplus = -Lack(this) / slots;
        var count = surplus >= 1 ? (int)Math.Min(surplus, Math.Max(1, Lack(needy) / slots))
            : needy.Actors == 0 && Actors > 1 ? 1
            : 0;
        return (count, needy);

        long Lack(LearnerStatus learner) => (actors * learner.Slots) - (learner.Actors * slots);
    }
}
