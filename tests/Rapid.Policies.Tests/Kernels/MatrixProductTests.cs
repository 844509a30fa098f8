using FsCheck;
using FsCheck.Fluent;
using Rapid.Policies.Kernels;
using Rapid.Protocol.Specs;

namespace Rapid.Policies.Tests.Kernels;

public sealed class MatrixProductTests
{
    private static readonly int[] _oddSizes = [1, 3, 17, 23, 31, 33, 255, 257];

    /// <summary>Columns of all kernels; vectors that the processor does not have are made of those that it has.</summary>
    public static TheoryData<int> Widths() => new(TileKernel.Narrow.Columns, TileKernel.Middle.Columns, TileKernel.Wide.Columns);

    [Theory, MemberData(nameof(Widths))]
    public void Products_of_odd_sizes_are_those_of_double_precision(int width)
    {
        foreach (var rows in _oddSizes)
        {
            foreach (var inner in _oddSizes)
            {
                foreach (var columns in _oddSizes)
                {
                    // Wide sides with wide sides take long and show nothing that one wide side does not.
                    if ((rows > 33 ? 1 : 0) + (inner > 33 ? 1 : 0) + (columns > 33 ? 1 : 0) < 3 || (rows == inner && inner == columns))
                    {
                        new Product(rows, inner, columns, Seed: rows * inner + columns).AssertRight(Kernel(width));
                    }
                }
            }
        }
    }

    [Fact]
    public void Products_are_right_whatever_the_shape_the_layout_and_the_rows_that_are_wanted() =>
        Prop.ForAll(Products().ToArbitrary(), product =>
        {
            foreach (var width in Widths())
            {
                product.AssertRight(Kernel(width));
            }
        }).QuickCheckThrowOnFailure();

    [Theory, MemberData(nameof(Widths))]
    public void What_is_not_a_number_reaches_its_row_and_its_column_and_nothing_else(int width)
    {
        foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            var product = new Product(19, 11, 37, Seed: 1);
            product.Left[7 * 11 + 3] = bad;
            product.Right[5 * 37 + 34] = bad;

            var result = product.Compute(Kernel(width));

            for (var i = 0; i < 19; i++)
            {
                for (var j = 0; j < 37; j++)
                {
                    Assert.Equal(i != 7 && j != 34, float.IsFinite(result[i * 37 + j]));
                }
            }
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Equal_inputs_give_equal_bits_with_any_rows_around_them(int width)
    {
        var whole = new Product(43, 29, 35, Seed: 2);
        var part = new Product(43, 29, 35, Seed: 2) { Wanted = [40, 2, 17] };

        var (expected, actual) = (whole.Compute(Kernel(width)), part.Compute(Kernel(width)));

        foreach (var row in part.Wanted!)
        {
            Assert.True(expected.AsSpan(row * 35, 35).SequenceEqual(actual.AsSpan(row * 35, 35)));
        }
    }

    [Theory]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Tanh)]
    public unsafe void A_product_ends_with_biases_activations_and_derivatives(Activation activation)
    {
        const int Count = 37;
        var sums = Numbers(Count, 1);
        var (biases, outputs, product) = (Numbers(Count, 2), Numbers(Count, 3), new float[Count]);
        (sums[4], sums[20], sums[36], outputs[6], outputs[35]) = (float.NaN, float.PositiveInfinity, float.NaN, float.NaN, 0);
        double Function(double x) => activation == Activation.Tanh ? Math.Tanh(x) : x < 0 ? 0 : x;
        double Derivative(double y) => activation == Activation.Tanh ? 1 - y * y : y > 0 ? 1 : y * 0;
        float[] outputsOf = [.. outputs.Select(value => activation == Activation.Tanh ? value : Math.Max(value, 0))];

        fixed (float* from = sums, bias = biases, output = outputsOf, to = product)
        {
            var target = new MatrixView(to, Count);
            new BiasAndActivation(target, bias, activation).Store(from, 0, 0, Count);
            AssertEach(i => Function((double)sums[i] + biases[i]));
            new BiasAndActivation(target, bias, null).Store(from, 0, 0, Count);
            AssertEach(i => (double)sums[i] + biases[i]);
            new TimesDerivative(target, new MatrixView(output, Count), activation).Store(from, 0, 0, Count);
            AssertEach(i => sums[i] * Derivative(outputsOf[i]));
            var before = product[5];
            new Accumulate(target).Store(from, 0, 0, Count);
            Assert.Equal(before + sums[5], product[5]);
        }

        void AssertEach(Func<int, double> expected)
        {
            for (var i = 0; i < Count; i++)
            {
                Assert.Equal(expected(i), product[i], 1e-6);
            }
        }
    }

    private static TileKernel Kernel(int width) =>
        new[] { TileKernel.Wide, TileKernel.Middle, TileKernel.Narrow }.Single(kernel => kernel.Columns == width);

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }

    private static Gen<Product> Products() =>
        from rows in Gen.Choose(1, 40)
        from inner in Gen.Choose(1, 70)
        from columns in Gen.Choose(1, 70)
        from seed in Gen.Choose(0, 1000)
        from leftTransposed in Gen.Elements(true, false)
        from rightTransposed in Gen.Elements(true, false)
        from padding in Gen.Choose(0, 5)
        from wanted in Gen.Elements(true, false).ListOf(rows)
        from someRows in Gen.Elements(true, false)
        select new Product(rows, inner, columns, seed)
        {
            LeftTransposed = leftTransposed,
            RightTransposed = rightTransposed,
            Padding = padding,
            Wanted = someRows ? [.. Enumerable.Range(0, rows).Where(row => wanted[row])] : null,
        };

    /// <summary>A product and how its matrices lie in memory.</summary>
    private sealed record Product(int Rows, int Inner, int Columns, int Seed)
    {
        private const float Untouched = 12345;

        public float[] Left { get; } = Numbers(Rows * Inner, Seed);

        public float[] Right { get; } = Numbers(Inner * Columns, Seed + 1);

        public bool LeftTransposed { get; init; }

        public bool RightTransposed { get; init; }

        /// <summary>Elements between rows in memory that belong to nobody.</summary>
        public int Padding { get; init; }

        /// <summary>Null: all.</summary>
        public int[]? Wanted { get; init; }

        /// <summary>[Rows, Columns]; what must not be touched is checked.</summary>
        public unsafe float[] Compute(TileKernel kernel)
        {
            using var product = new MatrixProduct(Inner, kernel);
            var stride = Columns + Padding;
            var target = Enumerable.Repeat(Untouched, Rows * stride + kernel.Columns).ToArray();
            fixed (float* left = Lay(Left, Rows, Inner, LeftTransposed), right = Lay(Right, Inner, Columns, RightTransposed), to = target)
            {
                var finish = new Overwrite(new MatrixView(to, stride));
                var (leftView, rightView) = (View(left, Rows, Inner, LeftTransposed), View(right, Inner, Columns, RightTransposed));
                if (Wanted is null)
                {
                    product.Multiply(leftView, rightView, Rows, Inner, Columns, finish);
                }
                else
                {
                    product.MultiplyRows(leftView, rightView, Wanted, Inner, Columns, finish);
                }
            }

            for (var i = 0; i < target.Length; i++)
            {
                if (i % stride >= Columns || i / stride >= Rows || Wanted?.Contains(i / stride) == false)
                {
                    Assert.Equal(Untouched, target[i]);
                }
            }

            return [.. Enumerable.Range(0, Rows).SelectMany(row => target.AsSpan(row * stride, Columns).ToArray())];
        }

        /// <summary>Compares with double precision, within the rounding errors of a sum of Inner products.</summary>
        public void AssertRight(TileKernel kernel)
        {
            var actual = Compute(kernel);
            foreach (var i in Wanted ?? Enumerable.Range(0, Rows))
            {
                for (var j = 0; j < Columns; j++)
                {
                    double sum = 0, magnitude = 0;
                    for (var k = 0; k < Inner; k++)
                    {
                        var term = (double)Left[i * Inner + k] * Right[k * Columns + j];
                        (sum, magnitude) = (sum + term, magnitude + Math.Abs(term));
                    }

                    var error = Math.Abs(sum - actual[i * Columns + j]);
                    Assert.True(error <= Inner * 1.2e-7 * magnitude, $"{this} with {kernel.Columns} columns, [{i}, {j}]: off by {error}");
                }
            }
        }

        private float[] Lay(float[] matrix, int rows, int columns, bool transposed)
        {
            var stride = (transposed ? rows : columns) + Padding;
            var memory = Enumerable.Repeat(float.NaN, (transposed ? columns : rows) * stride).ToArray();
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < columns; j++)
                {
                    memory[transposed ? j * stride + i : i * stride + j] = matrix[i * columns + j];
                }
            }

            return memory;
        }

        private unsafe MatrixView View(float* data, int rows, int columns, bool transposed) =>
            transposed ? new MatrixView(data, rows + Padding).Transposed : new MatrixView(data, columns + Padding);
    }
}
