using System.Buffers;

namespace Rapid.Environments.Rendering.Pictures;

/// <summary>The image data of GIF: codes of 9 to 12 bits in blocks of at most 255 bytes (CompuServe, GIF89a, appendix F).</summary>
internal sealed class LzwEncoder(IBufferWriter<byte> output)
{
    private const int SymbolBits = 8, MostBits = 12, MostBlock = 255;
    private const int Clear = 1 << SymbolBits, End = Clear + 1;

    // A code's prefix and last pixel lead to it; four times as large as there are codes, so that searches are short.
    private const int Slots = 4 << MostBits;

    private readonly int[] _keys = new int[Slots];
    private readonly short[] _codes = new short[Slots];
    private readonly byte[] _block = new byte[1 + MostBlock];
    private int _length, _next, _width, _pending, _pendingBits;

    /// <summary>Writes one image, complete with the size of its symbols and its end.</summary>
    /// <param name="pixels">Not empty.</param>
    public void Encode(ReadOnlySpan<byte> pixels)
    {
        output.Write<byte>([SymbolBits]);
        Forget();
        Write(Clear);
        int prefix = pixels[0];
        foreach (var pixel in pixels[1..])
        {
            var key = (prefix << SymbolBits) | pixel;
            var slot = Find(key);
            if (_keys[slot] == key)
            {
                prefix = _codes[slot];
                continue;
            }

            Write(prefix);
            if (_next < 1 << MostBits)
            {
                (_keys[slot], _codes[slot]) = (key, (short)_next++);
            }
            else
            {
                Write(Clear);
                Forget();
            }

            prefix = pixel;
        }

        Write(prefix);
        Write(End);
        Flush();
    }

    private void Forget()
    {
        Array.Fill(_keys, -1);
        (_next, _width) = (End + 1, SymbolBits + 1);
    }

    /// <summary>Where a key is, or the free slot where it belongs.</summary>
    private int Find(int key)
    {
        var slot = (int)((uint)key * 2654435769u >> (32 - MostBits - 2));
        while (_keys[slot] != key && _keys[slot] >= 0)
        {
            slot = (slot + 1) % Slots;
        }

        return slot;
    }

    private void Write(int code)
    {
        _pending |= code << _pendingBits;
        for (_pendingBits += _width; _pendingBits >= 8; _pendingBits -= 8)
        {
            Put((byte)_pending);
            _pending >>= 8;
        }

        // A reader knows one code less than the writer: codes grow when the next one to be known needs more bits.
        if (_next == 1 << _width && _width < MostBits)
        {
            _width++;
        }
    }

    private void Put(byte value)
    {
        _block[++_length] = value;
        if (_length == MostBlock)
        {
            FlushBlock();
        }
    }

    private void Flush()
    {
        if (_pendingBits > 0)
        {
            Put((byte)_pending);
            (_pending, _pendingBits) = (0, 0);
        }

        FlushBlock();
        output.Write<byte>([0]);
    }

    private void FlushBlock()
    {
        if (_length > 0)
        {
            _block[0] = (byte)_length;
            output.Write(_block.AsSpan(0, 1 + _length));
            _length = 0;
        }
    }
}
