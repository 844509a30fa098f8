using System.Globalization;
using System.Text;
using Grpc.Core;

namespace Grpc.Wire;

/// <summary>Names and text forms of the gRPC over HTTP/2 protocol.</summary>
internal static class GrpcHeaders
{
    public const string ContentType = "application/grpc";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string Gzip = "gzip";
    public const string Identity = "identity";

    private const long MaximumTimeoutSeconds = 99_999_999;

    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "te", "content-type", "user-agent", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding", "grpc-status", "grpc-message", "host",
        "connection", "transfer-encoding", "content-length", "content-encoding",
    };

    /// <summary>Whether a header belongs to the transport rather than to the caller's metadata.</summary>
    public static bool IsReserved(string name) => name.StartsWith(':') || Reserved.Contains(name);

    /// <summary>At most eight digits and a unit, rounded up, so that the server never gives up before the client asked.</summary>
    public static string FormatTimeout(TimeSpan timeout)
    {
        var ticks = Math.Max(timeout.Ticks, 1);
        foreach (var (perUnit, unit) in new[]
        {
            (0L, 'n'), (10L, 'u'), (TimeSpan.TicksPerMillisecond, 'm'), (TimeSpan.TicksPerSecond, 'S'),
        })
        {
            var value = unit == 'n' ? ticks > MaximumTimeoutSeconds ? long.MaxValue : ticks * 100 : (ticks + perUnit - 1) / perUnit;
            if (value <= 99_999_999)
            {
                return value.ToString(CultureInfo.InvariantCulture) + unit;
            }
        }

        return $"{MaximumTimeoutSeconds}S";
    }

    /// <summary>Reads a timeout header; null when it is malformed.</summary>
    public static TimeSpan? ParseTimeout(string? text)
    {
        if (text is null || text.Length is < 2 or > 9
            || !long.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return null;
        }

        return text[^1] switch
        {
            'n' => TimeSpan.FromTicks((value + 99) / 100),
            'u' => TimeSpan.FromTicks(value * 10),
            'm' => TimeSpan.FromMilliseconds(value),
            'S' => TimeSpan.FromSeconds(value),
            'M' => TimeSpan.FromMinutes(value),
            'H' => TimeSpan.FromHours(value),
            _ => null,
        };
    }

    /// <summary>Percent-encodes the UTF-8 of a status message; printable ASCII but '%' stays.</summary>
    public static string EncodeMessage(string message)
    {
        if (message.All(c => c is >= ' ' and <= '~' and not '%'))
        {
            return message;
        }

        var text = new StringBuilder();
        foreach (var b in System.Text.Encoding.UTF8.GetBytes(message))
        {
            if (b is >= (byte)' ' and <= (byte)'~' and not (byte)'%')
            {
                text.Append((char)b);
            }
            else
            {
                text.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return text.ToString();
    }

    /// <summary>Undoes <see cref="EncodeMessage"/>; malformed escapes stay as they are.</summary>
    public static string DecodeMessage(string message) =>
        message.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(message) : message;

    /// <summary>The header text of a metadata entry.</summary>
    public static string ValueOf(Metadata.Entry entry) => entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value;

    /// <summary>Adds a received header, unless it is malformed; a binary one may hold several values.</summary>
    public static void AddTo(Metadata metadata, string name, string value)
    {
        var key = name.ToLowerInvariant();
        if (!Metadata.Entry.IsValidKey(key))
        {
            return;
        }

        if (!key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal))
        {
            metadata.Add(key, value);
            return;
        }

        foreach (var part in value.Split(','))
        {
            var padded = part.Trim();
            padded = padded.PadRight(padded.Length + (4 - padded.Length % 4) % 4, '=');
            var buffer = new byte[padded.Length];
            if (Convert.TryFromBase64String(padded, buffer, out var count))
            {
                metadata.Add(key, buffer[..count]);
            }
        }
    }
}
