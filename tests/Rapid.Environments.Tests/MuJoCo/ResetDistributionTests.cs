using Rapid.Core;

namespace Rapid.Environments.Tests.MuJoCo;

/// <summary>
/// Start states against the distributions that Gymnasium describes: a two-sided Kolmogorov-Smirnov test of each element of 10,000 resets.
/// The critical value is 2.69 / sqrt(n), which chance exceeds once in a million elements; the seed is fixed, so that the answer is always
/// the same.
/// </summary>
public sealed class ResetDistributionTests
{
    private const int Resets = 10_000;
    private const double Critical = 2.69;

    /// <summary>P(element &lt;= x). An element that has none is always the model's default.</summary>
    private delegate double Distribution(double x);

    public static TheoryData<string> Names =>
        [.. Tasks.All.Select(info => info.Name).Where(name => name.EndsWith("-v4", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(Names))]
    public void Every_element_of_the_start_state_is_distributed_as_described(string name)
    {
        using var environment = Tasks.Create(name);
        var start = environment.Model.Array("qpos0");
        var (positions, velocities) = Describe(name[..^3], start, environment.Velocities.Length);
        Distribution?[] described = [.. positions, .. velocities];
        double[] defaults = [.. start, .. new double[velocities.Length]];
        var samples = described.Select(_ => new double[Resets]).ToArray();
        var random = new RandomStream(2024);
        var observation = environment.NewObservation();
        for (var reset = 0; reset < Resets; reset++)
        {
            environment.Reset(random, observation);
            for (var element = 0; element < samples.Length; element++)
            {
                samples[element][reset] = element < start.Length ? environment.Positions[element]
                    : environment.Velocities[element - start.Length];
            }
        }

        for (var element = 0; element < samples.Length; element++)
        {
            if (described[element] is { } distribution)
            {
                var distance = Distance(samples[element], distribution);
                Assert.True(distance < Critical / Math.Sqrt(Resets), $"element {element} is {distance} from its distribution");
            }
            else
            {
                Assert.All(samples[element], value => Assert.Equal(defaults[element], value));
            }
        }
    }

    [Fact]
    public void Targets_and_objects_keep_out_of_the_regions_that_are_rejected()
    {
        using var reacher = Tasks.Create("Reacher-v5");
        using var pusher = Tasks.Create("Pusher-v5");
        var random = new RandomStream(8);
        double furthest = 0, nearest = 1;
        for (var reset = 0; reset < Resets; reset++)
        {
            reacher.Reset(random, reacher.NewObservation());
            pusher.Reset(random, pusher.NewObservation());
            furthest = Math.Max(furthest, double.Hypot(reacher.Positions[2], reacher.Positions[3]));
            nearest = Math.Min(nearest, double.Hypot(pusher.Positions[7], pusher.Positions[8]));
        }

        Assert.InRange(furthest, 0.199, Math.BitDecrement(0.2));
        Assert.InRange(nearest, Math.BitIncrement(0.17), 0.171);
    }

    /// <summary>Correlations of 10,000 independent pairs have a deviation of 0.01.</summary>
    [Fact]
    public void Environments_of_a_vector_start_independently_of_each_other_and_of_their_last_start()
    {
        using var environment = Tasks.Create("Hopper-v4");
        var starts = new double[3][];
        for (var i = 0; i < starts.Length; i++)
        {
            var random = new RandomStream(RandomStream.Derive(99, (ulong)i));
            starts[i] = [.. Enumerable.Range(0, Resets).Select(_ =>
            {
                environment.Reset(random, environment.NewObservation());
                return environment.Positions[3];
            })];
        }

        Assert.InRange(Correlation(starts[0], starts[1]), -0.04, 0.04);
        Assert.InRange(Correlation(starts[1], starts[2]), -0.04, 0.04);
        Assert.InRange(Correlation(starts[0][1..], starts[0][..^1]), -0.04, 0.04);
        Assert.InRange(Correlation(starts[0], starts[0]), 0.999, 1.001);
    }

    private static (Distribution?[], Distribution?[]) Describe(string body, double[] start, int velocities) => body switch
    {
        "HalfCheetah" => (All(start, 0.1), Normals(velocities, 0.1)),
        "Hopper" or "Walker2d" => (All(start, 0.005), All(new double[velocities], 0.005)),
        "Ant" => (WithQuaternion(start, 0.1), Normals(velocities, 0.1)),
        "Humanoid" or "HumanoidStandup" => (WithQuaternion(start, 0.01), All(new double[velocities], 0.01)),
        "Swimmer" => (All(start, 0.1), All(new double[velocities], 0.1)),
        "Reacher" => ([.. All(start[..2], 0.1), InDisc, InDisc], [.. All(new double[2], 0.005), .. Fixed(2)]),
        "Pusher" => ([.. Fixed(7), ObjectY, ObjectX, .. Fixed(2)], [.. All(new double[7], 0.005), .. Fixed(4)]),
        "InvertedPendulum" => (All(start, 0.01), All(new double[velocities], 0.01)),
        "InvertedDoublePendulum" => (All(start, 0.1), Normals(velocities, 0.1)),
        _ => throw new ArgumentException($"nothing is described for {body}"),
    };

    private static Distribution?[] All(double[] centres, double halfWidth) =>
        [.. centres.Select(centre => new Distribution(x => Math.Clamp((x - centre + halfWidth) / (2 * halfWidth), 0, 1)))];

    private static Distribution?[] Fixed(int count) => new Distribution?[count];

    private static Distribution?[] Normals(int count, double deviation) =>
        [.. Enumerable.Repeat<Distribution>(x => 0.5 * (1 + Erf(x / deviation / Math.Sqrt(2))), count)];

    /// <summary>
    /// The free joint's noise is uniform on all four numbers of the quaternion, which MuJoCo then makes one of length 1: no formula is at
    /// hand, so these are compared with a large sample of the same.
    /// </summary>
    private static Distribution?[] WithQuaternion(double[] start, double halfWidth)
    {
        const int Draws = 200_000;
        var random = new Random(5);
        var sorted = Enumerable.Range(0, 4).Select(_ => new double[Draws]).ToArray();
        for (var draw = 0; draw < Draws; draw++)
        {
            double[] quaternion = [.. start[3..7].Select(centre => centre + halfWidth * (2 * random.NextDouble() - 1))];
            var length = Math.Sqrt(quaternion.Sum(q => q * q));
            for (var i = 0; i < 4; i++)
            {
                sorted[i][draw] = quaternion[i] / length;
            }
        }

        Array.ForEach(sorted, Array.Sort);
        return
        [
            .. All(start[..3], halfWidth),
            .. sorted.Select(values => new Distribution(x => (double)Math.Abs(Array.BinarySearch(values, x) + 1) / Draws)),
            .. All(start[7..], halfWidth),
        ];
    }

    /// <summary>One coordinate of a point in a disc of radius 0.2.</summary>
    private static double InDisc(double x) => HalfDisc(Math.Clamp(x / 0.2, -1, 1)) * 2 / Math.PI;

    // The object lies in a rectangle of 0.3 by 0.4 metres, outside the half disc of radius 0.17 around the middle of its long side.
    private static double ObjectY(double y) => (0.4 * (y + 0.3) - 2 * 0.17 * 0.17 * HalfDisc(Math.Clamp(y / 0.17, -1, 0))) / ObjectArea;

    private static double ObjectX(double x) => (0.3 * (x + 0.2) - 0.17 * 0.17 * HalfDisc(Math.Clamp(x / 0.17, -1, 1))) / ObjectArea;

    private static double ObjectArea => 0.3 * 0.4 - Math.PI * 0.17 * 0.17 / 2;

    /// <summary>Area of the upper half of the unit disc left of a line.</summary>
    private static double HalfDisc(double u) => (u * Math.Sqrt(1 - u * u) + Math.Asin(u) + Math.PI / 2) / 2;

    /// <summary>The largest vertical distance between a sample's distribution and a described one.</summary>
    private static double Distance(double[] sample, Distribution described)
    {
        Array.Sort(sample);
        return sample.Select((x, i) =>
        {
            var expected = described(x);
            return Math.Max((i + 1.0) / sample.Length - expected, expected - (double)i / sample.Length);
        }).Max();
    }

    private static double Correlation(double[] a, double[] b)
    {
        var (meanA, meanB) = (a.Average(), b.Average());
        var products = a.Zip(b, (x, y) => (x - meanA) * (y - meanB)).Sum();
        return products / Math.Sqrt(a.Sum(x => (x - meanA) * (x - meanA)) * b.Sum(y => (y - meanB) * (y - meanB)));
    }

    /// <summary>Abramowitz and Stegun 7.1.26; exact to 1.5e-7.</summary>
    private static double Erf(double x)
    {
        var t = 1 / (1 + 0.3275911 * Math.Abs(x));
        var tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.Exp(-x * x);
        return Math.Sign(x) * (1 - tail);
    }
}
