using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Rapid.Cli.Comparison;

/// <summary>
/// Learning curves of one task: for each variant the mean over seeds as a line, the range from the worst to the best seed as a band.
/// </summary>
internal static class CurvePlot
{
    private const int Width = 760, Height = 420;
    private const double BandOpacity = 0.15, TickDensity = 0.4;

    // Okabe and Ito's palette, which colour-blind readers can tell apart.
    private static readonly Color[] Colours = Color.FromHex(["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]);

    /// <summary>Writes PATH.svg and PATH.png; axes begin at step 0, and at return 0 unless returns are negative.</summary>
    /// <param name="curves">Of one task.</param>
    /// <param name="font">A file.</param>
    /// <param name="path">Without an extension.</param>
    public static void Save(IReadOnlyList<Curve> curves, string font, string path)
    {
        Fonts.AddFontFile(font, font);
        Fonts.Default = font;
        using var plot = Draw(curves);
        plot.SaveSvg(path + ".svg", Width, Height);
        plot.SavePng(path + ".png", Width, Height);
    }

    private static Plot Draw(IReadOnlyList<Curve> curves)
    {
        var plot = new Plot();
        foreach (var (i, variant) in curves.GroupBy(curve => curve.Run.Variant.Text).Index())
        {
            var (colour, band) = (Colours[i % Colours.Length], Band([.. variant]));
            double[] steps = [.. band.Select(point => (double)point.Step)];
            var range = plot.Add.FillY(steps, [.. band.Select(point => point.Low)], [.. band.Select(point => point.High)]);
            (range.FillColor, range.LineWidth) = (colour.WithAlpha(BandOpacity), 0);
            var line = plot.Add.ScatterLine(steps, [.. band.Select(point => point.Mean)], colour);
            (line.LineWidth, line.LegendText) = (2, variant.Key);
        }

        var (bottom, left) = (plot.Axes.Bottom, plot.Axes.Left);
        plot.Axes.Margins(0, 0.02);
        plot.Axes.AutoScale();
        left.Min = Math.Min(0, left.Min);
        bottom.Min = 0;
        (bottom.Label.Text, bottom.Label.Bold) = ("environment steps", false);
        (left.Label.Text, left.Label.Bold) = ("evaluation return", false);
        left.TickGenerator = new NumericAutomatic { TickDensity = TickDensity };
        bottom.TickGenerator = new NumericAutomatic
        {
            TickDensity = TickDensity,
            LabelFormatter = step => (step / 1000).ToString("0.##'k'", CultureInfo.InvariantCulture),
        };
        plot.Grid.XAxisStyle.IsVisible = false;
        plot.Axes.Right.FrameLineStyle.Width = plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.ShowLegend(Alignment.UpperLeft);
        return plot;
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
}
