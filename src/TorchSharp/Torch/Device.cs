using System.Globalization;

namespace TorchSharp;

/// <summary>Kinds of devices, numbered as in libtorch.</summary>
public enum DeviceType
{
    /// <summary>The processor.</summary>
    CPU = 0,

    /// <summary>An NVIDIA GPU.</summary>
    CUDA = 1,

    /// <summary>No memory: shapes only.</summary>
    META = 14,
}

public static partial class torch
{
    /// <summary>The processor.</summary>
    public static readonly Device CPU = new(DeviceType.CPU, -1);

    /// <summary>The current CUDA device.</summary>
    public static Device CUDA => new(DeviceType.CUDA, -1);

    /// <summary>A device from a description such as "cpu", "cuda" or "cuda:1".</summary>
    public static Device device(string description) => new(description);

    /// <summary>A device of a kind.</summary>
    public static Device device(DeviceType deviceType, int index = -1) => new(deviceType, index);

    /// <summary>Where a tensor's elements are.</summary>
    public class Device
    {
        /// <summary>A device from a description such as "cpu", "cuda" or "cuda:1".</summary>
        /// <exception cref="ArgumentException">There is no such kind of device.</exception>
        public Device(string description)
        {
            var parts = description.Split(':');
            type = parts[0].ToUpperInvariant() switch
            {
                "CPU" => DeviceType.CPU,
                "CUDA" => DeviceType.CUDA,
                "META" => DeviceType.META,
                _ => throw new ArgumentException($"'{description}' is not a device; use cpu, cuda or cuda:<index>", nameof(description)),
            };
            if (parts.Length > 1)
            {
                index = int.Parse(parts[1], CultureInfo.InvariantCulture);
            }
        }

        /// <summary>A device of a kind; index -1 is the current one.</summary>
        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = index;
        }

        /// <summary>The kind.</summary>
        public DeviceType type { get; }

        /// <summary>Which one of its kind; -1 for the current one.</summary>
        public int index { get; } = -1;

        /// <summary>A device from a description such as "cpu", "cuda" or "cuda:1".</summary>
        public static implicit operator Device(string description) => new(description);

        /// <summary>For example "cpu" or "cuda:1".</summary>
        public override string ToString()
        {
            var kind = type.ToString().ToLowerInvariant();
            return type == DeviceType.CPU || index == -1 ? kind : $"{kind}:{index}";
        }
    }
}
