using Rapid.Core;
using Rapid.Protocol.Specs;
using Rapid.Specs;

namespace Rapid.Policies.Tests;

public sealed class InitializerTests
{
    [Theory]
    [InlineData(17, 6, 64, 64)]
    [InlineData(3, 7, 5, 9)]
    [InlineData(70, 2, 33, 8)]
    [InlineData(4, 1, 4, 4)]
    public void Orthogonal_matrices_are_orthonormal_times_their_gain(int observations, int outputs, int first, int second)
    {
        var network = new NetworkOptions { HiddenSizes = [first, second], HiddenGain = 1.7, PolicyGain = 0.3, ValueGain = 0.9 };
        var layout = Networks.Layout(observations, outputs, discrete: false, network);
        var parameters = Start(layout, network, seed: 5);
        (string, double)[] gains = [("body.0.weight", 1.7), ("body.1.weight", 1.7), ("policy.weight", 0.3), ("value.weight", 0.9)];
        foreach (var (name, gain) in gains)
        {
            foreach (var (matrix, rows, columns) in Matrices(layout, parameters, name))
            {
                AssertOrthonormal(matrix, rows, columns, gain);
            }
        }
    }

    [Fact]
    public void Default_gains_are_the_published_ones()
    {
        var network = new NetworkOptions();
        Assert.Equal((Math.Sqrt(2), 0.01, 1.0), (network.HiddenGain, network.PolicyGain, network.ValueGain));
        var layout = Networks.Layout(17, 6, discrete: false, network);
        var parameters = Start(layout, network, seed: 1);

        // An orthonormal matrix of r rows has the Frobenius norm sqrt(min(r, c)).
        Assert.Equal(Math.Sqrt(2 * 17), Frobenius(Matrices(layout, parameters, "body.0.weight")[0].Matrix), 1e-5);
        Assert.Equal(Math.Sqrt(2 * 64), Frobenius(Matrices(layout, parameters, "body.1.weight")[1].Matrix), 1e-5);
        Assert.Equal(0.01 * Math.Sqrt(6), Frobenius(Matrices(layout, parameters, "policy.weight")[0].Matrix), 1e-7);
        Assert.Equal(1, Frobenius(Matrices(layout, parameters, "value.weight")[0].Matrix), 1e-6);
    }

    [Theory]
    [InlineData("ikostrikov", true, 1, 1.4142135623730951)]
    [InlineData("ikostrikov", false, 0.01, 1.4142135623730951)]
    [InlineData("cleanrl", true, 0.01, 1)]
    public void Presets_start_their_heads_with_their_own_gains(string preset, bool continuous, double policyGain, double valueGain)
    {
        var environment = continuous ? "Pendulum-v1" : "CartPole-v1";
        var options = SpecReader.ReadYaml($"{{ environment: {{ name: {environment} }}, algorithm: {{ preset: {preset} }} }}");
        var layout = Networks.Layout(3, 1, !continuous, options.Network);
        var parameters = Start(layout, options.Network, seed: 1);

        Assert.Equal(policyGain, Frobenius(Matrices(layout, parameters, "policy.weight")[0].Matrix), 1e-6);
        Assert.Equal(valueGain, Frobenius(Matrices(layout, parameters, "value.weight")[0].Matrix), 1e-6);
    }

    [Theory]
    [InlineData(Initialization.Orthogonal)]
    [InlineData(Initialization.XavierUniform)]
    [InlineData(Initialization.NormalizedColumns)]
    public void Biases_start_at_zero_and_deviations_as_told_even_in_a_used_buffer(Initialization scheme)
    {
        var network = new NetworkOptions { Initialization = scheme, InitialLogStd = -0.75 };
        var layout = Networks.Layout(5, 3, discrete: false, network);
        var parameters = new float[layout.Length];
        Array.Fill(parameters, 9);

        Initializer.Initialize(layout, network, new RandomStream(1), parameters);

        foreach (var slice in layout.Parameters.Where(slice => slice.Name.EndsWith(".bias", StringComparison.Ordinal)))
        {
            Assert.All(parameters.AsSpan(slice.Offset, slice.Length).ToArray(), bias => Assert.Equal(0, bias));
        }

        Assert.Equal([-0.75f, -0.75f, -0.75f], parameters.AsSpan(layout["policy.log_std"].Offset, 3).ToArray());
        Assert.DoesNotContain(9f, parameters);
    }

    [Theory]
    [InlineData(Initialization.Orthogonal)]
    [InlineData(Initialization.XavierUniform)]
    [InlineData(Initialization.NormalizedColumns)]
    public void A_seed_gives_one_network_and_its_two_towers_differ(Initialization scheme)
    {
        var network = new NetworkOptions { Initialization = scheme };
        var layout = Networks.Layout(11, 3, discrete: false, network);
        var parameters = Start(layout, network, seed: 3);

        Assert.Equal(parameters, Start(layout, network, seed: 3));
        Assert.NotEqual(parameters, Start(layout, network, seed: 4));
        var towers = Matrices(layout, parameters, "body.1.weight");
        Assert.NotEqual(towers[0].Matrix, towers[1].Matrix);
    }

    [Fact]
    public void The_first_row_of_an_orthogonal_matrix_is_the_normalised_first_draw()
    {
        var network = new NetworkOptions { HiddenSizes = [4], HiddenGain = 2 };
        var layout = Networks.Layout(6, 2, discrete: true, network);
        var random = new RandomStream(42);
        double[] draw = [.. Enumerable.Range(0, 6).Select(_ => random.NextNormal())];
        var norm = Math.Sqrt(draw.Sum(x => x * x));

        var row = Start(layout, network, seed: 42)[..6];

        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(2 * draw[i] / norm, row[i], 1e-6);
        }
    }

    [Fact]
    public void Orthogonal_matrices_are_spread_over_all_rotations_and_reflections()
    {
        var network = new NetworkOptions { HiddenSizes = [3], HiddenGain = 1, Shared = true };
        var layout = Networks.Layout(3, 1, discrete: true, network);
        const int Count = 4000;
        var (mean, squares, reflections) = (new double[9], new double[9], 0);
        for (var seed = 0; seed < Count; seed++)
        {
            var m = Matrices(layout, Start(layout, network, (ulong)seed), "body.0.weight")[0].Matrix;
            for (var i = 0; i < 9; i++)
            {
                mean[i] += m[i] / Count;
                squares[i] += m[i] * m[i] / Count;
            }

            var determinant = m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]);
            reflections += determinant < 0 ? 1 : 0;
        }

        // Under the Haar measure an entry has mean 0 and variance 1/3; the bounds are five standard errors.
        Assert.All(mean, x => Assert.InRange(x, -0.046, 0.046));
        Assert.All(squares, x => Assert.InRange(x, 1 / 3.0 - 0.024, 1 / 3.0 + 0.024));
        Assert.InRange(reflections, Count / 2 - 160, Count / 2 + 160);
    }

    [Fact]
    public void Xavier_weights_fill_their_interval_evenly()
    {
        var network = new NetworkOptions
        {
            Initialization = Initialization.XavierUniform,
            HiddenSizes = [100],
            HiddenGain = 2,
            Shared = true,
        };
        var layout = Networks.Layout(60, 2, discrete: true, network);
        var weights = Matrices(layout, Start(layout, network, seed: 1), "body.0.weight")[0].Matrix;

        // Glorot & Bengio 2010, eq. 16, times the gain; a uniform number has the variance bound^2 / 3.
        var bound = 2 * Math.Sqrt(6.0 / 160);
        Assert.All(weights, weight => Assert.InRange(weight, -bound, bound));
        Assert.InRange(weights.Max(), 0.99 * bound, bound);
        Assert.InRange(weights.Min(), -bound, -0.99 * bound);
        Assert.Equal(bound * bound / 3, weights.Average(weight => (double)weight * weight), 0.005);
    }

    [Fact]
    public void Normalised_rows_have_the_gain_as_their_norm()
    {
        var network = new NetworkOptions
        {
            Initialization = Initialization.NormalizedColumns,
            HiddenSizes = [20],
            HiddenGain = 1,
            PolicyGain = 0.01,
        };
        var layout = Networks.Layout(7, 3, discrete: true, network);
        var parameters = Start(layout, network, seed: 1);
        foreach (var (name, gain) in new[] { ("body.0.weight", 1.0), ("policy.weight", 0.01), ("value.weight", 1.0) })
        {
            foreach (var (matrix, rows, columns) in Matrices(layout, parameters, name))
            {
                for (var row = 0; row < rows; row++)
                {
                    Assert.Equal(gain, Frobenius(matrix[(row * columns)..((row + 1) * columns)]), 1e-6);
                }
            }
        }
    }

    private static float[] Start(PolicyLayout layout, NetworkOptions network, ulong seed)
    {
        var parameters = new float[layout.Length];
        Initializer.Initialize(layout, network, new RandomStream(seed), parameters);
        return parameters;
    }

    private static List<(float[] Matrix, int Rows, int Columns)> Matrices(PolicyLayout layout, float[] parameters, string name)
    {
        var slice = layout[name];
        var (rows, columns) = (slice.Shape[^2], slice.Shape[^1]);
        return
        [
            .. Enumerable.Range(0, slice.Length / (rows * columns))
                .Select(i => (parameters.AsSpan(slice.Offset + i * rows * columns, rows * columns).ToArray(), rows, columns)),
        ];
    }

    private static void AssertOrthonormal(float[] matrix, int rows, int columns, double gain)
    {
        var byRows = rows <= columns;
        var (count, size) = byRows ? (rows, columns) : (columns, rows);
        double At(int vector, int k) => byRows ? matrix[vector * columns + k] : matrix[k * columns + vector];
        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var dot = 0.0;
                for (var k = 0; k < size; k++)
                {
                    dot += At(i, k) * At(j, k);
                }

                Assert.Equal(i == j ? gain * gain : 0, dot, 1e-5 * gain * gain);
            }
        }
    }

    private static double Frobenius(float[] matrix) => Math.Sqrt(matrix.Sum(weight => (double)weight * weight));
}
