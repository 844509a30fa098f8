namespace Rapid.Protocol.Files;

/// <summary>How fast a file is written beside work that must not wait for it: a pause after every so many bytes.</summary>
/// <param name="Bytes">Written in one go.</param>
/// <param name="Pause">After them.</param>
public readonly record struct WritePace(int Bytes, TimeSpan Pause)
{
    /// <summary>As fast as the disk takes it.</summary>
    public static WritePace Unlimited { get; } = new(int.MaxValue, TimeSpan.Zero);
}
