using FsCheck;
using FsCheck.Fluent;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class PropertyTests
{
    private static readonly Arbitrary<float[]> _values =
        Gen.Choose(-1000, 1000).Select(n => n / 8f).NonEmptyListOf().Select(list => list.ToArray()).ToArbitrary();

    [Fact]
    public void Values_survive_the_way_through_a_tensor() => Prop.ForAll(_values, values =>
    {
        using var scope = NewDisposeScope();
        return values.SequenceEqual(tensor(values).Floats())
            && values.SequenceEqual(from_array(values).clone().Floats())
            && values.Reverse().SequenceEqual(tensor(values).flip(0).Floats());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Sums_equal_those_of_plain_code() => Prop.ForAll(_values, values =>
    {
        // Multiples of 1/8 below 1000 add up without rounding in doubles.
        using var scope = NewDisposeScope();
        var x = tensor(values, dtype: float64);
        return x.sum().ToDouble() == values.Sum(value => (double)value)
            && x.cumsum(0).Doubles()[^1] == x.sum().ToDouble()
            && x.max().ToDouble() == values.Max()
            && x.argmin().ToInt64() == Array.IndexOf(values, values.Min());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_split_joins_to_the_whole() => Prop.ForAll(_values, Gen.Choose(1, 12).ToArbitrary(), (values, size) =>
    {
        using var scope = NewDisposeScope();
        var x = tensor(values);
        return cat(x.split(size)).Equals(x) && cat(x.chunk(size)).Equals(x);
    }).QuickCheckThrowOnFailure();
}
