namespace Rapid.Environments.Described;

/// <summary>
/// The tolerance function of the DeepMind Control Suite (Tassa et al. 2018, section 2): 1 within the bounds, and outside falling with the
/// distance d from the nearer one, in margins, so that it is <c>valueAtMargin</c> at d = 1.
/// </summary>
/// <param name="value">What is judged, element by element.</param>
/// <param name="low">The lower bound, which may be -inf.</param>
/// <param name="high">The upper bound, which may be inf.</param>
/// <param name="margin">Not more than 0 means 0 outside of the bounds.</param>
/// <param name="shape">Of the slope, from <see cref="Shapes"/>.</param>
internal sealed class Tolerance(Node value, Node low, Node high, Node margin, Func<double, double> shape)
    : Node(Math.Max(value.Size, Math.Max(low.Size, Math.Max(high.Size, margin.Size))))
{
    public const string DefaultShape = "gaussian";
    public const double DefaultValueAtMargin = 0.1;

    /// <summary>Slopes by name: each makes the function of d from the value at d = 1.</summary>
    public static IReadOnlyDictionary<string, Func<double, Func<double, double>>> Shapes { get; } =
        new Dictionary<string, Func<double, Func<double, double>>>
        {
            ["gaussian"] = v => Scaled(Math.Sqrt(-2 * Math.Log(v)), x => Math.Exp(-0.5 * x * x)),
            ["hyperbolic"] = v => Scaled(Math.Acosh(1 / v), x => 1 / Math.Cosh(x)),
            ["long_tail"] = v => Scaled(Math.Sqrt((1 / v) - 1), x => 1 / ((x * x) + 1)),
            ["reciprocal"] = v => Scaled((1 / v) - 1, x => 1 / (x + 1)),
            ["cosine"] = v => Scaled(Math.Acos((2 * v) - 1) / Math.PI, x => x < 1 ? (1 + Math.Cos(Math.PI * x)) / 2 : 0),
            ["linear"] = v => Scaled(1 - v, x => x < 1 ? 1 - x : 0),
            ["quadratic"] = v => Scaled(Math.Sqrt(1 - v), x => x < 1 ? 1 - (x * x) : 0),
            ["tanh_squared"] = v => Scaled(Math.Atanh(Math.Sqrt(1 - v)), x => 1 - (Math.Tanh(x) * Math.Tanh(x))),
        };

    /// <summary>Whether a slope may reach 0 at the margin: those that do so at a finite distance.</summary>
    public static bool MayBeZeroAtMargin(string shape) => shape is "cosine" or "linear" or "quadratic";

    public override double At(int index, TaskState state)
    {
        var x = Spread(value, index, state);
        var (below, above) = (Spread(low, index, state) - x, x - Spread(high, index, state));
        if (below <= 0 && above <= 0)
        {
            return 1;
        }

        if (double.IsNaN(x))
        {
            return x;
        }

        var width = Spread(margin, index, state);
        return width > 0 ? shape(Math.Max(below, above) / width) : 0;
    }

    private static Func<double, double> Scaled(double scale, Func<double, double> shape) => distance => shape(distance * scale);
}
