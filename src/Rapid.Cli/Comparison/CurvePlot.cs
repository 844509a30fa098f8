using System.Globalization;
using System.Net;
using System.Text;

namespace Rapid.Cli.Comparison;

/// <summary>
/// Learning curves of one task as an SVG: for each variant the mean over seeds as a line, the range from the worst to the best seed as a
/// band.
/// </summary>
internal static class CurvePlot
{
    private const int Width = 760, Height = 420, Left = 70, Right = 20, Top = 20, Bottom = 50, Ticks = 5, LegendLine = 18;

    // Okabe and Ito's palette, which colour-blind readers can tell apart.
    private static readonly string[] Colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];

    /// <summary>Draws; axes begin at step 0, and at return 0 unless returns are negative.</summary>
    public static string Draw(IReadOnlyList<Curve> curves)
    {
        var variants = curves.GroupBy(curve => curve.Run.Variant.Text).ToList();
        var bands = variants.Select(variant => Band([.. variant])).ToList();
        double lastStep = bands.Max(band => band[^1].Step);
        var (low, high) = (Math.Min(0, bands.Min(band => band.Min(point => point.Low))), bands.Max(band => band.Max(point => point.High)));
        high = high > low ? high : low + 1;
        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" """
            + $"""font-family="sans-serif" font-size="12">""").AppendLine();
        svg.Append(CultureInfo.InvariantCulture, $"""<rect width="{Width}" height="{Height}" fill="white"/>""").AppendLine();
        foreach (var value in RoundNumbers(low, high))
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<path d="M{Left},{Y(value):F1}H{Width - Right}" stroke="#ddd"/>""");
            svg.Append(
                CultureInfo.InvariantCulture,
                $"""<text x="{Left - 6}" y="{Y(value) + 4:F1}" text-anchor="end">{value:0.##}</text>""").AppendLine();
        }

        foreach (var step in RoundNumbers(0, lastStep))
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"""<text x="{X(step):F1}" y="{Height - Bottom + 18}" text-anchor="middle">{step / 1000:0.##}k</text>""").AppendLine();
        }

        svg.Append(
            CultureInfo.InvariantCulture,
            $"""<text x="{(Left + Width - Right) / 2}" y="{Height - 10}" text-anchor="middle">environment steps</text>""");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"""<text transform="translate(16,{(Top + Height - Bottom) / 2}) rotate(-90)" """
            + $"""text-anchor="middle">evaluation return</text>""").AppendLine();
        for (var i = 0; i < variants.Count; i++)
        {
            var (colour, band) = (Colours[i % Colours.Length], bands[i]);
            var edge = band.Select(point => Point(point.Step, point.High))
                .Concat(Enumerable.Reverse(band).Select(point => Point(point.Step, point.Low)));
            svg.Append(CultureInfo.InvariantCulture, $"""<polygon points="{string.Join(' ', edge)}" fill="{colour}" opacity="0.15"/>""");
            svg.Append(
                CultureInfo.InvariantCulture,
                $"""<polyline points="{string.Join(' ', band.Select(point => Point(point.Step, point.Mean)))}" """
                + $"""fill="none" stroke="{colour}" stroke-width="2"/>""");
            var legend = Top + 10 + i * LegendLine;
            svg.Append(CultureInfo.InvariantCulture, $"""<path d="M{Left + 10},{legend}h20" stroke="{colour}" stroke-width="2"/>""");
            svg.Append(
                CultureInfo.InvariantCulture,
                $"""<text x="{Left + 36}" y="{legend + 4}">{WebUtility.HtmlEncode(variants[i].Key)}</text>""").AppendLine();
        }

        return svg.AppendLine("</svg>").ToString();

        double X(double step) => Left + (Width - Left - Right) * step / lastStep;
        double Y(double value) => Height - Bottom - (Height - Top - Bottom) * (value - low) / (high - low);
        string Point(double step, double value) => string.Create(CultureInfo.InvariantCulture, $"{X(step):F1},{Y(value):F1}");
    }

    /// <summary>Steps at which every seed was evaluated, with the mean and the extremes over seeds.</summary>
    private static List<(long Step, double Mean, double Low, double High)> Band(List<Curve> curves) =>
    [
        .. Enumerable.Range(0, curves.Min(curve => curve.Points.Count)).Select(i =>
        {
            var returns = curves.Select(curve => curve.Points[i].Return).ToList();
            return (curves[0].Points[i].Step, returns.Average(), returns.Min(), returns.Max());
        }),
    ];

    /// <summary>Multiples of 1, 2 or 5 times a power of ten within a range, about <see cref="Ticks"/> of them.</summary>
    private static IEnumerable<double> RoundNumbers(double low, double high)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10((high - low) / Ticks)));
        var distance = ((double[])[1, 2, 5, 10]).Select(factor => factor * power).First(step => (high - low) / step <= Ticks + 1);
        for (var i = Math.Ceiling(low / distance); i * distance <= high; i++)
        {
            yield return i * distance;
        }
    }
}
