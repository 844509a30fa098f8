using SkiaSharp;

namespace Rapid.Environments.Rendering;

/// <summary>A picture of filled shapes with smooth edges, in units of a world whose y axis points upwards.</summary>
internal sealed class Canvas : IDisposable
{
    private readonly SKBitmap _bitmap;
    private readonly SKCanvas _canvas;
    private readonly SKPaint _paint = new() { IsAntialias = true, StrokeCap = SKStrokeCap.Round };

    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    public Canvas(int width, int height)
    {
        _bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        _canvas = new SKCanvas(_bitmap);
    }

    /// <summary>Paints everything and says which part of the world is seen.</summary>
    /// <param name="color">0xRRGGBB.</param>
    /// <param name="x">The middle, to the right.</param>
    /// <param name="y">The middle, upwards.</param>
    /// <param name="visibleHeight">Units of the world from the lowest row to the top one.</param>
    public void Begin(uint color, double x, double y, double visibleHeight)
    {
        var pixelsPerUnit = (float)(_bitmap.Height / visibleHeight);
        _canvas.ResetMatrix();
        _canvas.Clear(Opaque(color));
        _canvas.Translate(_bitmap.Width / 2f, _bitmap.Height / 2f);
        _canvas.Scale(pixelsPerUnit, -pixelsPerUnit);
        _canvas.Translate((float)-x, (float)-y);
    }

    /// <summary>A line with round ends.</summary>
    public void Line(double x0, double y0, double x1, double y1, double thickness, uint color)
    {
        (_paint.Color, _paint.Style, _paint.StrokeWidth) = (Opaque(color), SKPaintStyle.Stroke, (float)thickness);
        _canvas.DrawLine((float)x0, (float)y0, (float)x1, (float)y1, _paint);
    }

    /// <summary>A filled circle.</summary>
    public void Disc(double x, double y, double radius, uint color)
    {
        (_paint.Color, _paint.Style) = (Opaque(color), SKPaintStyle.Fill);
        _canvas.DrawCircle((float)x, (float)y, (float)radius, _paint);
    }

    /// <summary>A filled polygon.</summary>
    /// <param name="color">0xRRGGBB.</param>
    /// <param name="corners">At least three.</param>
    public void Polygon(uint color, params ReadOnlySpan<(double X, double Y)> corners)
    {
        using var path = new SKPathBuilder();
        path.MoveTo((float)corners[0].X, (float)corners[0].Y);
        foreach (var (x, y) in corners[1..])
        {
            path.LineTo((float)x, (float)y);
        }

        path.Close();
        using var shape = path.Detach();
        (_paint.Color, _paint.Style) = (Opaque(color), SKPaintStyle.Fill);
        _canvas.DrawPath(shape, _paint);
    }

    /// <summary>Copies what was drawn.</summary>
    /// <param name="rgb">[height * width * 3], overwritten, top row first.</param>
    public void CopyTo(Span<byte> rgb) => Bitmaps.CopyTo(_bitmap, rgb);

    /// <inheritdoc/>
    public void Dispose()
    {
        _paint.Dispose();
        _canvas.Dispose();
        _bitmap.Dispose();
    }

    private static SKColor Opaque(uint color) => new(0xFF000000 | color);
}
