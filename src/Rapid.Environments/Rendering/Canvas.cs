namespace Rapid.Environments.Rendering;

/// <summary>
/// A picture of filled shapes with smooth edges. A shape is a function that is the distance to its edge, negative inside; a pixel is
/// covered as far as the edge runs through it.
/// </summary>
internal sealed class Canvas(int width, int height)
{
    private readonly byte[] _pixels = new byte[width * height * 3];
    private double _left, _top, _pixelsPerUnit = 1;

    /// <summary>A distance to the edge of a shape at a point of the world, negative inside.</summary>
    public delegate double Shape(double x, double y);

    /// <summary>[height * width * 3], top row first.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels;

    /// <summary>Paints everything and says which part of the world is seen.</summary>
    /// <param name="color">0xRRGGBB.</param>
    /// <param name="x">The middle, to the right.</param>
    /// <param name="y">The middle, upwards.</param>
    /// <param name="visibleHeight">Units of the world from the lowest row to the top one.</param>
    public void Begin(uint color, double x, double y, double visibleHeight)
    {
        _pixelsPerUnit = height / visibleHeight;
        _left = x - (width / _pixelsPerUnit / 2);
        _top = y + (visibleHeight / 2);
        for (var i = 0; i < _pixels.Length; i += 3)
        {
            (_pixels[i], _pixels[i + 1], _pixels[i + 2]) = ((byte)(color >> 16), (byte)(color >> 8), (byte)color);
        }
    }

    /// <summary>A line with round ends.</summary>
    public void Line(double x0, double y0, double x1, double y1, double thickness, uint color)
    {
        var (radius, dx, dy) = (thickness / 2, x1 - x0, y1 - y0);
        var square = Math.Max((dx * dx) + (dy * dy), double.Epsilon);
        Fill(
            (x, y) =>
            {
                var along = Math.Clamp((((x - x0) * dx) + ((y - y0) * dy)) / square, 0, 1);
                return double.Hypot(x - x0 - (along * dx), y - y0 - (along * dy)) - radius;
            },
            Math.Min(x0, x1) - radius, Math.Min(y0, y1) - radius, Math.Max(x0, x1) + radius, Math.Max(y0, y1) + radius, color);
    }

    /// <summary>A filled circle.</summary>
    public void Disc(double x, double y, double radius, uint color) => Line(x, y, x, y, 2 * radius, color);

    /// <summary>A filled polygon without dents.</summary>
    /// <param name="color">0xRRGGBB.</param>
    /// <param name="corners">Against the clock.</param>
    public void Polygon(uint color, params (double X, double Y)[] corners) =>
        Fill(
            (x, y) =>
            {
                var outermost = double.NegativeInfinity;
                for (var i = 0; i < corners.Length; i++)
                {
                    var (from, to) = (corners[i], corners[(i + 1) % corners.Length]);
                    var (dx, dy) = (to.X - from.X, to.Y - from.Y);
                    outermost = Math.Max(outermost, (((x - from.X) * dy) - ((y - from.Y) * dx)) / double.Hypot(dx, dy));
                }

                return outermost;
            },
            corners.Min(corner => corner.X),
            corners.Min(corner => corner.Y),
            corners.Max(corner => corner.X),
            corners.Max(corner => corner.Y),
            color);

    /// <summary>Any shape, wherever it is in the picture.</summary>
    public void Fill(Shape shape, uint color) =>
        Fill(shape, _left, _top - (height / _pixelsPerUnit), _left + (width / _pixelsPerUnit), _top, color);

    /// <summary>A shape within a box of the world.</summary>
    private void Fill(Shape shape, double left, double bottom, double right, double top, uint color)
    {
        var firstColumn = Clamp(((left - _left) * _pixelsPerUnit) - 1, width);
        var endColumn = Clamp(((right - _left) * _pixelsPerUnit) + 2, width);
        var firstRow = Clamp(((_top - top) * _pixelsPerUnit) - 1, height);
        var endRow = Clamp(((_top - bottom) * _pixelsPerUnit) + 2, height);
        for (var row = firstRow; row < endRow; row++)
        {
            for (var column = firstColumn; column < endColumn; column++)
            {
                var distance = shape(_left + ((column + 0.5) / _pixelsPerUnit), _top - ((row + 0.5) / _pixelsPerUnit));
                var coverage = Math.Clamp(0.5 - (distance * _pixelsPerUnit), 0, 1);
                if (coverage > 0)
                {
                    var i = ((row * width) + column) * 3;
                    _pixels[i] = Mix(_pixels[i], (byte)(color >> 16), coverage);
                    _pixels[i + 1] = Mix(_pixels[i + 1], (byte)(color >> 8), coverage);
                    _pixels[i + 2] = Mix(_pixels[i + 2], (byte)color, coverage);
                }
            }
        }
    }

    // What is not a number ends nowhere: a broken state is drawn as nothing.
    private static int Clamp(double value, int most) => double.IsNaN(value) ? 0 : (int)Math.Clamp(value, 0, most);

    private static byte Mix(byte below, byte above, double coverage) => (byte)Math.Round(below + ((above - below) * coverage));
}
