using Rapid.Environments;
using Rapid.Protocol.Specs;

namespace Rapid.Policies;

/// <summary>Fills a flat parameter buffer with its starting values. Plain C#, so that a seed gives the same network on every device.</summary>
public static class Initializer
{
    /// <summary>Writes the starting weights of an actor-critic; biases are 0, log standard deviations as the options say.</summary>
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
                case "value.weight":
                    FillMatrix(block, slice.Shape[0], slice.Shape[1], network.ValueGain, network.Initialization, random);
                    break;
                case var name when name.EndsWith(".weight", StringComparison.Ordinal):
                    var (towers, rows, columns) = (slice.Shape[0], slice.Shape[1], slice.Shape[2]);
                    for (var tower = 0; tower < towers; tower++)
                    {
                        FillMatrix(block.Slice(tower * rows * columns, rows * columns), rows, columns, network.HiddenGain, network.Initialization, random);
                    }

                    break;
            }
        }
    }

    private static void FillMatrix(Span<float> matrix, int rows, int columns, double gain, Initialization scheme, RandomStream random)
    {
        switch (scheme)
        {
            case Initialization.Orthogonal:
                FillOrthogonal(matrix, rows, columns, gain, random);
                break;
            case Initialization.XavierUniform:
                var bound = gain * Math.Sqrt(6.0 / (rows + columns));
                foreach (ref var weight in matrix)
                {
                    weight = (float)(bound * (2 * random.NextDouble() - 1));
                }

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
