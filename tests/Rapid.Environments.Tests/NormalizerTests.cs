using Rapid.Core;

namespace Rapid.Environments.Tests;

public sealed class NormalizerTests
{
    [Fact]
    public void Statistics_of_many_batches_are_those_of_all_rows_and_of_the_faint_start()
    {
        var random = new RandomStream(4);
        var statistics = new RunningMeanVariance(2);
        var rows = new List<(double A, double B)>();
        for (var batch = 0; batch < 50; batch++)
        {
            var data = new float[2 * (1 + random.NextIndex(5))];
            for (var i = 0; i < data.Length; i += 2)
            {
                (data[i], data[i + 1]) = ((float)(3 + 2 * random.NextNormal()), (float)(-1e3 + random.NextNormal()));
                rows.Add((data[i], data[i + 1]));
            }

            statistics.Update(data);
        }

        // The start counts as 1e-4 rows of mean 0 and variance 1.
        Check(rows.Select(row => row.A), statistics.Mean[0], statistics.Variance[0]);
        Check(rows.Select(row => row.B), statistics.Mean[1], statistics.Variance[1]);
        Assert.Equal(rows.Count + 1e-4, statistics.Count, 9);

        static void Check(IEnumerable<double> values, double mean, double variance)
        {
            double[] all = [.. values];
            var total = all.Length + 1e-4;
            var expectedMean = all.Sum() / total;
            var squares = all.Sum(value => (value - expectedMean) * (value - expectedMean));
            var expectedVariance = (squares + 1e-4 * (1 + expectedMean * expectedMean)) / total;
            Assert.Equal(expectedMean, mean, 1e-9 * (1 + Math.Abs(expectedMean)));
            Assert.Equal(expectedVariance, variance, 1e-6 * (1 + expectedVariance));
        }
    }

    [Fact]
    public void Observations_are_centred_scaled_and_clipped_without_being_learned_from()
    {
        var normalizer = new ObservationNormalizer(2, clip: 10);
        normalizer.Statistics.Import([1, -2], [4, 0], 100);
        float[] observations = [3, -2, 1, -1];
        var normalized = new float[4];

        normalizer.Normalize(observations, normalized);

        Assert.Equal(1, normalized[0], 1e-6f);
        Assert.Equal([0, 0, 10], normalized[1..]); // 1 / sqrt(1e-8) is clipped
        Assert.Equal(100, normalizer.Statistics.Count);
    }

    [Fact]
    public void Rewards_are_divided_by_the_deviation_of_the_discounted_return_and_keep_their_mean()
    {
        var normalizer = new RewardNormalizer(clip: 10);
        normalizer.Statistics.Import([50], [25], 1000);
        float[] rewards = [1, -2.5f, 1e6f, float.MinValue];

        normalizer.Normalize(rewards);

        Assert.Equal(0.2f, rewards[0], 1e-6f);
        Assert.Equal(-0.5f, rewards[1], 1e-6f);
        Assert.Equal([10, -10], rewards[2..]);
    }

    [Fact]
    public void A_streams_numbers_are_uniform_and_its_shuffle_reaches_every_order()
    {
        var random = new RandomStream(8);
        var bins = new int[10];
        for (var i = 0; i < 100_000; i++)
        {
            bins[(int)(10 * random.NextDouble())]++;
        }

        Assert.All(bins, count => Assert.InRange(count, 9_600, 10_400));

        var orders = new Dictionary<string, int>();
        for (var i = 0; i < 6_000; i++)
        {
            int[] items = [1, 2, 3];
            random.Shuffle<int>(items);
            var order = string.Join(',', items);
            orders[order] = orders.GetValueOrDefault(order) + 1;
        }

        Assert.Equal(6, orders.Count);
        Assert.All(orders.Values, count => Assert.InRange(count, 850, 1150));
    }

    [Fact]
    public void Derived_seeds_differ_by_every_part_of_their_path_and_by_order()
    {
        var seeds = new HashSet<ulong>();
        for (ulong seed = 0; seed < 20; seed++)
        {
            for (ulong a = 0; a < 20; a++)
            {
                Assert.True(seeds.Add(RandomStream.Derive(seed, a)));
                for (ulong b = 0; b < 20; b++)
                {
                    Assert.True(seeds.Add(RandomStream.Derive(seed, a, b)));
                }
            }
        }
    }
}
