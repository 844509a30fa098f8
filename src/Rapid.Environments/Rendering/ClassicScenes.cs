namespace Rapid.Environments.Rendering;

/// <summary>Drawings of the classic control tasks, in the proportions of Gymnasium's.</summary>
internal static class ClassicScenes
{
    private const uint Paper = 0xFFFFFF, Ink = 0x20242C, Wood = 0xC99A66, Joint = 0x7F86CC;

    // All that a picture shows of it, and the ground below.
    private static readonly (double X, double Y)[] Valley =
    [
        (-1.4, -1), .. Enumerable.Range(0, 221).Select(i => -1.4 + (i * 0.01)).Select(x => (x, HeightAt(x))), (0.8, -1),
    ];

    /// <summary>A cart on a rail and a pole of one metre.</summary>
    /// <param name="canvas">Where to.</param>
    /// <param name="x">Metres.</param>
    /// <param name="angle">Radians from upright, clockwise.</param>
    public static void DrawCartPole(Canvas canvas, double x, double angle)
    {
        const double HalfWidth = 0.25, HalfHeight = 0.14, Pole = 1, PoleWidth = 0.1, Limit = 2.4;
        canvas.Begin(Paper, 0, 0.55, 3.3);
        canvas.Line(-3, 0, 3, 0, 0.015, Ink);
        canvas.Line(-Limit, -0.12, -Limit, 0.12, 0.015, Ink);
        canvas.Line(Limit, -0.12, Limit, 0.12, 0.015, Ink);
        canvas.Polygon(
            Ink, (x - HalfWidth, -HalfHeight), (x + HalfWidth, -HalfHeight), (x + HalfWidth, HalfHeight), (x - HalfWidth, HalfHeight));
        canvas.Line(x, 0, x + (Pole * Math.Sin(angle)), Pole * Math.Cos(angle), PoleWidth, Wood);
        canvas.Disc(x, 0, PoleWidth / 2.5, Joint);
    }

    /// <summary>A rod of one metre.</summary>
    /// <param name="canvas">Where to.</param>
    /// <param name="angle">Radians from upright, against the clock.</param>
    public static void DrawPendulum(Canvas canvas, double angle)
    {
        canvas.Begin(Paper, 0, 0, 2.6);
        canvas.Line(0, 0, -Math.Sin(angle), Math.Cos(angle), 0.2, 0xCC4D4D);
        canvas.Disc(0, 0, 0.05, Ink);
    }

    /// <summary>Two links of one metre and the line that the tip shall reach.</summary>
    /// <param name="canvas">Where to.</param>
    /// <param name="angle1">Radians of the first link from hanging, against the clock.</param>
    /// <param name="angle2">Radians of the second from the first.</param>
    public static void DrawAcrobot(Canvas canvas, double angle1, double angle2)
    {
        const double Thickness = 0.18, Target = 1;
        canvas.Begin(Paper, 0, 0, 4.6);
        canvas.Line(-3, Target, 3, Target, 0.02, Ink);
        var (x1, y1) = (Math.Sin(angle1), -Math.Cos(angle1));
        var (x2, y2) = (x1 + Math.Sin(angle1 + angle2), y1 - Math.Cos(angle1 + angle2));
        canvas.Line(0, 0, x1, y1, Thickness, 0x2AA5A0);
        canvas.Line(x1, y1, x2, y2, Thickness, 0x2AA5A0);
        canvas.Disc(0, 0, Thickness * 0.6, 0xE0B020);
        canvas.Disc(x1, y1, Thickness * 0.6, 0xE0B020);
    }

    /// <summary>A car in a valley and the flag on its rim.</summary>
    /// <param name="canvas">Where to.</param>
    /// <param name="position">Of the car, -1.2 to 0.6.</param>
    /// <param name="goal">Where the flag is.</param>
    public static void DrawMountainCar(Canvas canvas, double position, double goal)
    {
        const double HalfLength = 0.06, Wheel = 0.022, Floor = 0.014, Roof = 0.068;
        canvas.Begin(0xEAF3FA, -0.3, 0.6, 1.2);
        canvas.Polygon(0x7FA66A, Valley);
        var ground = HeightAt(goal);
        canvas.Line(goal, ground, goal, ground + 0.16, 0.008, Ink);
        canvas.Polygon(0xD9A514, (goal, ground + 0.165), (goal, ground + 0.1), (goal + 0.07, ground + 0.1325));

        var (dx, dy) = (1 / double.Hypot(1, SlopeAt(position)), SlopeAt(position) / double.Hypot(1, SlopeAt(position)));
        canvas.Polygon(
            Ink, On(-HalfLength, Floor), On(HalfLength, Floor), On(HalfLength * 0.8, Roof), On(-HalfLength * 0.8, Roof));
        foreach (var side in (ReadOnlySpan<double>)[-0.6, 0.6])
        {
            var (x, y) = On(side * HalfLength, Wheel);
            canvas.Disc(x, y, Wheel, 0x8A8F98);
        }

        // A point beside the car: so far along the slope and so far above it.
        (double X, double Y) On(double along, double above) =>
            (position + (along * dx) - (above * dy), HeightAt(position) + (along * dy) + (above * dx));
    }

    // The valley as Gymnasium draws it; the task itself knows only its slope.
    private static double HeightAt(double x) => (0.45 * Math.Sin(3 * x)) + 0.55;

    private static double SlopeAt(double x) => 1.35 * Math.Cos(3 * x);
}
