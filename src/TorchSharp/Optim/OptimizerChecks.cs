using System.Runtime.CompilerServices;

namespace TorchSharp.Modules;

/// <summary>Ranges of optimiser options.</summary>
internal static class OptimizerChecks
{
    internal static void NonNegative(double value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!(value >= 0))
        {
            throw new ArgumentException($"{name}: {value} is out of range [0, inf)", name);
        }
    }

    internal static void BelowOne(double value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!(value >= 0 && value < 1))
        {
            throw new ArgumentException($"{name}: {value} is out of range [0, 1)", name);
        }
    }
}
