namespace Rapid.Environments.Rendering;

/// <summary>An environment that can be drawn.</summary>
public interface IRenderable
{
    /// <summary>Steps that make a second of a film: of real time where the task knows it.</summary>
    double StepsPerSecond { get; }

    /// <summary>Width of a picture divided by its height.</summary>
    double AspectRatio { get; }

    /// <summary>Makes what draws the present state, whatever it is at the time of drawing.</summary>
    /// <param name="options">Size and quality.</param>
    /// <returns>To be disposed before the environment is.</returns>
    /// <exception cref="RenderingException">This machine cannot draw; the message says what to install.</exception>
    IRenderer CreateRenderer(RenderOptions options);
}

/// <summary>Draws one environment. Any thread may, one at a time, and not while the environment steps.</summary>
public interface IRenderer : IDisposable
{
    /// <summary>Pixels in a row.</summary>
    int Width { get; }

    /// <summary>Rows.</summary>
    int Height { get; }

    /// <summary>Draws the present state.</summary>
    /// <param name="rgb">[<see cref="Height"/> * <see cref="Width"/> * 3], overwritten, top row first.</param>
    /// <exception cref="RenderingException">The state cannot be drawn.</exception>
    void Render(Span<byte> rgb);
}

/// <summary>What a physics scene is drawn with; drawings of other environments know one quality.</summary>
public enum RenderQuality
{
    /// <summary>Without shadows, reflections and multisampling: ten times as fast in software.</summary>
    Fast,

    /// <summary>With all three, for pictures that stay.</summary>
    Good,
}

/// <summary>Pictures of one size.</summary>
/// <param name="Width">Pixels in a row, 16 to 4096.</param>
/// <param name="Height">Rows, 16 to 4096.</param>
/// <param name="Quality">Of a physics scene.</param>
public sealed record RenderOptions(int Width, int Height, RenderQuality Quality = RenderQuality.Fast)
{
    /// <summary>Fewest and most pixels of a side.</summary>
    public const int Least = 16, Most = 4096;

    /// <summary>Pixels in a row, 16 to 4096.</summary>
    public int Width { get; } = Checked(Width, nameof(Width));

    /// <summary>Rows, 16 to 4096.</summary>
    public int Height { get; } = Checked(Height, nameof(Height));

    /// <summary>Pictures of so many rows in the shape that suits an environment; both sides are even, as films want them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is not within 16..4096.</exception>
    public static RenderOptions Of(IRenderable environment, int height, RenderQuality quality = RenderQuality.Fast)
    {
        ArgumentNullException.ThrowIfNull(environment);
        return new RenderOptions(Even(height * environment.AspectRatio), Even(height), quality);

        static int Even(double side) => 2 * (int)Math.Round(side / 2);
    }

    private static int Checked(int side, string name) =>
        side is >= Least and <= Most ? side : throw new ArgumentOutOfRangeException(name, side, $"allowed: {Least} to {Most}");
}

/// <summary>Nothing can be drawn, on this machine or of this state.</summary>
/// <param name="message">Why, and what to do.</param>
public sealed class RenderingException(string message) : Exception(message);
