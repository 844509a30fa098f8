namespace Rapid.Agents.Sac;

/// <summary>Parts of the run's seed: ASCII of "poli", "crit" and "nois".</summary>
internal static class SacSeeds
{
    public const ulong Policy = 0x706F6C69, Critics = 0x63726974, Noise = 0x6E6F6973;
}
