namespace Rapid.Environments.Rendering.Pictures;

/// <summary>The palette of a picture: its colours are cut into boxes of about equally many pixels (Heckbert 1982).</summary>
internal static class MedianCut
{
    /// <summary>At most so many colours: of each box its mean, or the one that most of its pixels have.</summary>
    /// <param name="rgb">[pixels * 3].</param>
    /// <param name="count">Boxes.</param>
    public static IReadOnlyList<uint> Palette(ReadOnlySpan<byte> rgb, int count)
    {
        Dictionary<uint, int> counts = [];
        for (var i = 0; i < rgb.Length; i += 3)
        {
            var color = ((uint)rgb[i] << 16) | ((uint)rgb[i + 1] << 8) | rgb[i + 2];
            counts[color] = counts.GetValueOrDefault(color) + 1;
        }

        List<Box> boxes = [new([.. counts.Select(pair => new Entry(pair.Key, pair.Value))])];
        while (boxes.Count < count && boxes.MaxBy(box => box.Worth)! is { Worth: > 0 } widest)
        {
            boxes.Remove(widest);
            boxes.AddRange(widest.Cut());
        }

        return [.. boxes.Select(box => box.Color)];
    }

    private readonly record struct Entry(uint Value, int Count)
    {
        public int Channel(int shift) => (int)(Value >> shift) & 0xFF;
    }

    private sealed class Box
    {
        private readonly Entry[] _colors;
        private readonly int _longest, _length;
        private readonly long _pixels;

        public Box(Entry[] colors)
        {
            _colors = colors;
            _pixels = colors.Sum(color => (long)color.Count);
            foreach (var shift in (ReadOnlySpan<int>)[16, 8, 0])
            {
                var length = colors.Max(color => color.Channel(shift)) - colors.Min(color => color.Channel(shift));
                (_longest, _length) = length > _length ? (shift, length) : (_longest, _length);
            }
        }

        /// <summary>What cutting it gains: a small body must not lose its colours to a large sky.</summary>
        public double Worth => _length * Math.Sqrt(_pixels);

        public uint Color => _colors.MaxBy(entry => entry.Count) is var most && most.Count * 2 > _pixels
            ? most.Value
            : (MeanOf(16) << 16) | (MeanOf(8) << 8) | MeanOf(0);

        /// <summary>Two halves with about as many pixels, none empty.</summary>
        public Box[] Cut()
        {
            Array.Sort(_colors, (one, other) => one.Channel(_longest).CompareTo(other.Channel(_longest)));
            var (end, pixels) = (1, (long)_colors[0].Count);
            while (end < _colors.Length - 1 && pixels * 2 < _pixels)
            {
                pixels += _colors[end++].Count;
            }

            return [new(_colors[..end]), new(_colors[end..])];
        }

        private uint MeanOf(int shift) =>
            (uint)((_colors.Sum(color => (long)color.Channel(shift) * color.Count) + (_pixels / 2)) / _pixels);
    }
}
