using Grpc.Core;
using Grpc.Net.Compression;
using CompressionLevel = System.IO.Compression.CompressionLevel;

namespace Rapid.Hosting;

/// <summary>Refuses messages that become many times larger than they travel.</summary>
internal sealed class BoundedDecompression(ICompressionProvider inner, int ratio) : ICompressionProvider
{
    // Small messages may well be nothing but zeros.
    private const long FreeBytes = 1 << 20;

    /// <inheritdoc/>
    public string EncodingName => inner.EncodingName;

    /// <inheritdoc/>
    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) =>
        inner.CreateCompressionStream(stream, compressionLevel);

    /// <inheritdoc/>
    public Stream CreateDecompressionStream(Stream stream)
    {
        var compressed = new Counted(stream, static _ => { });
        return new Counted(inner.CreateDecompressionStream(compressed), bytes =>
        {
            if (bytes > FreeBytes && bytes > ratio * compressed.Bytes)
            {
                throw new RpcException(new Status(
                    StatusCode.ResourceExhausted,
                    $"the message is more than {ratio} times larger than it travels (RAPID_MAX_COMPRESSION); send it uncompressed"));
            }
        });
    }

    /// <summary>Counts what is read.</summary>
    private sealed class Counted(Stream stream, Action<long> check) : Stream
    {
        public long Bytes { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => Bytes;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = stream.Read(buffer);
            Bytes += read;
            check(Bytes);
            return read;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                stream.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
