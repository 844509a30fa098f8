using System.Globalization;

namespace Rapid.Protocol.Specs;

/// <summary>What a number of a spec may be.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class LimitAttribute : Attribute
{
    /// <summary>The allowed numbers, for a person: "(0, 1]", ">= 1".</summary>
    public abstract string Allowed { get; }

    /// <summary>Whether a number is allowed. Never for NaN or an infinity.</summary>
    public abstract bool Allows(double value);

    private protected static string Text(double number) => number.ToString("0.##########", CultureInfo.InvariantCulture);
}

/// <summary>At least <paramref name="minimum"/>.</summary>
public sealed class AtLeastAttribute(double minimum) : LimitAttribute
{
    /// <summary>Inclusive.</summary>
    public double Minimum => minimum;

    /// <inheritdoc/>
    public override string Allowed => $">= {Text(minimum)}";

    /// <inheritdoc/>
    public override bool Allows(double value) => double.IsFinite(value) && value >= minimum;
}

/// <summary>More than <paramref name="bound"/>.</summary>
public sealed class AboveAttribute(double bound) : LimitAttribute
{
    /// <summary>Exclusive.</summary>
    public double Bound => bound;

    /// <inheritdoc/>
    public override string Allowed => $"> {Text(bound)}";

    /// <inheritdoc/>
    public override bool Allows(double value) => double.IsFinite(value) && value > bound;
}

/// <summary>From <paramref name="minimum"/> to <paramref name="maximum"/>.</summary>
public sealed class BetweenAttribute(double minimum, double maximum) : LimitAttribute
{
    /// <summary>Lower end.</summary>
    public double Minimum => minimum;

    /// <summary>Upper end, inclusive.</summary>
    public double Maximum => maximum;

    /// <summary>True when <see cref="Minimum"/> itself is not allowed.</summary>
    public bool MinimumIsExclusive { get; init; }

    /// <inheritdoc/>
    public override string Allowed => $"{(MinimumIsExclusive ? '(' : '[')}{Text(minimum)}, {Text(maximum)}]";

    /// <inheritdoc/>
    public override bool Allows(double value) =>
        double.IsFinite(value) && (MinimumIsExclusive ? value > minimum : value >= minimum) && value <= maximum;
}

/// <summary>Every element of a list from <paramref name="minimum"/> to <paramref name="maximum"/>.</summary>
public sealed class EachBetweenAttribute(double minimum, double maximum) : LimitAttribute
{
    /// <summary>Lower end, inclusive.</summary>
    public double Minimum => minimum;

    /// <summary>Upper end, inclusive.</summary>
    public double Maximum => maximum;

    /// <inheritdoc/>
    public override string Allowed => $"each [{Text(minimum)}, {Text(maximum)}]";

    /// <inheritdoc/>
    public override bool Allows(double value) => double.IsFinite(value) && value >= minimum && value <= maximum;
}
