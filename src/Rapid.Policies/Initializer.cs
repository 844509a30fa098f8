using Rapid.Core;
using Rapid.Protocol.Specs;

namespace Rapid.Policies;

/// <summary>
/// Fills a flat parameter buffer with its starting values. Plain C#, so that a seed gives the same network on every device.
/// </summary>
public static class Initializer
{
    /// <summary>Writes the starting weights of a policy; biases are 0 except with <see cref="Initialization.UniformFanIn"/>, log standard
    /// deviations as the options say.</summary>
    /// <param name="layout">Where each block lies.</param>
    /// <param name="network">Scheme and gains.</param>
    /// <param name="random">Consumed in buffer order.</param>
    /// <param name="parameters">[layout.Length], overwritten.</param>
    public static void Initialize(PolicyLayout layout, NetworkOptions network, RandomStream random, Span<float> parameters)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(network);
        parameters.Clear();
        foreach (var slice in layout.Parameters)
        {
            var block = parameters.Slice(slice.Offset, slice.Length);
            switch (slice.Name)
            {
                case "policy.log_std":
                    block.Fill((float)network.InitialLogStd);
                    break;
                case "policy.weight":
                    FillMatrix(block, slice.Shape[0], slice.Shape[1], network.PolicyGain, network.Initialization, random);
                    break;
                case var name
                    when name.EndsWith(".bias", StringComparison.Ordinal) && network.Initialization == Initialization.UniformFanIn:
                    FillUniform(block, 1 / Math.Sqrt(InputsOf(layout, name)), random);
                    break;
                case var name when name.StartsWith("conv.", StringComparison.Ordinal) && name.EndsWith(".weight", StringComparison.Ordinal):
                    FillKernels(block, slice.Shape, network, random);
                    break;
                case "value.weight":
                    FillMatrix(block, slice.Shape[0], slice.Shape[1], network.ValueGain, network.Initialization, random);
                    break;
                case var name when name.EndsWith(".weight", StringComparison.Ordinal):
                    var (towers, rows, columns) = (slice.Shape[0], slice.Shape[1], slice.Shape[2]);
                    for (var tower = 0; tower < towers; tower++)
                    {
                        var weights = block.Slice(tower * rows * columns, rows * columns);
                        FillMatrix(weights, rows, columns, network.HiddenGain, network.Initialization, random);
                    }

                    break;
            }
        }
    }

    /// <summary>Kernels [out, in, height, width], each output's as a row of a matrix. OpenAI baselines' ppo1, which rescales the rows of
    /// hidden layers, starts them by Glorot and Bengio's rule, for which a kernel has as many inputs and outputs as it has positions for
    /// each channel.</summary>
    private static void FillKernels(Span<float> kernels, IReadOnlyList<int> shape, NetworkOptions network, RandomStream random)
    {
        var (rows, columns, positions) = (shape[0], shape[1] * shape[2] * shape[3], shape[2] * shape[3]);
        switch (network.Initialization)
        {
            case Initialization.NormalizedColumns:
                FillUniform(kernels, Math.Sqrt(6.0 / (columns + rows * positions)), random);
                break;
            case Initialization.XavierUniform:
                FillUniform(kernels, network.HiddenGain * Math.Sqrt(6.0 / (columns + rows * positions)), random);
                break;
            default:
                FillMatrix(kernels, rows, columns, network.HiddenGain, network.Initialization, random);
                break;
        }
    }

    /// <summary>Inputs of the layer that a bias belongs to.</summary>
    private static int InputsOf(PolicyLayout layout, string bias)
    {
        var weight = layout[bias.Replace(".bias", ".weight", StringComparison.Ordinal)];
        return weight.Shape.Count == 4 ? weight.Length / weight.Shape[0] : weight.Shape[^1];
    }

    /// <summary>Fills one weight matrix.</summary>
    /// <param name="matrix">[rows, columns], overwritten.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="gain">Scale.</param>
    /// <param name="scheme">Distribution.</param>
    /// <param name="random">Consumed in row order.</param>
    public static void FillMatrix(Span<float> matrix, int rows, int columns, double gain, Initialization scheme, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        switch (scheme)
        {
            case Initialization.Orthogonal:
                FillOrthogonal(matrix, rows, columns, gain, random);
                break;
            case Initialization.XavierUniform:
                FillUniform(matrix, gain * Math.Sqrt(6.0 / (rows + columns)), random);
                break;
            case Initialization.UniformFanIn:
                FillUniform(matrix, gain / Math.Sqrt(columns), random);
                break;
            case Initialization.NormalizedColumns:
                for (var row = 0; row < rows; row++)
                {
                    var values = new double[columns];
                    FillNormal(values, random);
                    var norm = Norm(values);
                    for (var column = 0; column < columns; column++)
                    {
                        matrix[row * columns + column] = (float)(gain * values[column] / norm);
                    }
                }

                break;
        }
    }

    /// <summary>Uniform in [-bound, bound).</summary>
    /// <param name="values">Overwritten.</param>
    /// <param name="bound">Half the width.</param>
    /// <param name="random">Consumed in order.</param>
    public static void FillUniform(Span<float> values, double bound, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        foreach (ref var value in values)
        {
            value = (float)(bound * (2 * random.NextDouble() - 1));
        }
    }

    /// <summary>Orthonormal rows (rows &lt;= columns) or columns, times the gain: Gram-Schmidt, applied twice, on normal vectors, which is
    /// the Haar distribution of a QR factorisation with positive diagonal (Saxe et al. 2013).</summary>
    internal static void FillOrthogonal(Span<float> matrix, int rows, int columns, double gain, RandomStream random)
    {
        var (count, size) = rows <= columns ? (rows, columns) : (columns, rows);
        var basis = new double[count][];
        for (var i = 0; i < count; i++)
        {
            var vector = basis[i] = new double[size];
            FillNormal(vector, random);
            for (var pass = 0; pass < 2; pass++)
            {
                for (var j = 0; j < i; j++)
                {
                    var dot = 0.0;
                    for (var k = 0; k < size; k++)
                    {
                        dot += vector[k] * basis[j][k];
                    }

                    for (var k = 0; k < size; k++)
                    {
                        vector[k] -= dot * basis[j][k];
                    }
                }
            }

            var norm = Norm(vector);
            for (var k = 0; k < size; k++)
            {
                vector[k] /= norm;
            }
        }

        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                matrix[row * columns + column] = (float)(gain * (rows <= columns ? basis[row][column] : basis[column][row]));
            }
        }
    }

    private static void FillNormal(Span<double> values, RandomStream random)
    {
        foreach (ref var value in values)
        {
            value = random.NextNormal();
        }
    }

    private static double Norm(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value * value;
        }

        return Math.Sqrt(sum);
    }
}
