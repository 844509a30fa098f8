using FsCheck;
using FsCheck.Fluent;
using Rapid.Environments.Described;

namespace Rapid.Environments.Tests.Descriptions;

public sealed class TaskLanguageTests : IDisposable
{
    /// <summary>The state that expressions are looked at in: cart at 0.5 with 2 m/s, pole at 0.25 rad with 3 rad/s, the box
    /// flying.</summary>
    private const string State = "reset: { set: { 'qpos[0:2]': '(0.5, 0.25)', qvel: '(2, 3, 1, 2, 3, 4, 5, 6)' } }\n";

    private readonly TaskFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("1 + 2 * 3", 7)]
    [InlineData("(1 + 2) * 3", 9)]
    [InlineData("10 - 3 - 2", 5)]
    [InlineData("12 / 3 / 2", 2)]
    [InlineData("2 ^ 3 ^ 2", 512)]
    [InlineData("-2 ^ 2", -4)]
    [InlineData("2 ^ -1", 0.5)]
    [InlineData("(-3) ^ 2", 9)]
    [InlineData("--3", 3)]
    [InlineData("+.5 + 1e-3 + 1.5E+2", 150.501)]
    [InlineData("not 0 and not 1 == 2", 1)]
    [InlineData("1 or 0 and 0", 1)]
    [InlineData("2 and 3", 1)]
    [InlineData("1 + 1 > 1", 1)]
    [InlineData("not not 5", 1)]
    [InlineData("pi - pi", 0)]
    [InlineData("if(1 < 2, 5, 6)", 5)]
    [InlineData("if(inf < 2, 5, 6)", 6)]
    [InlineData("min(3, 1, 2) + 10 * max(3, 1, 2)", 31)]
    [InlineData("min((3, 1, 2)) + 10 * max((3, 1, 2))", 31)]
    [InlineData("abs(-2) + sign(-3) + sign(0)", 1)]
    [InlineData("sqrt(16) + exp(0) + log(1)", 5)]
    [InlineData("sin(pi / 2) + cos(pi) + tan(0) + tanh(0)", 0)]
    [InlineData("asin(1) + acos(0) - pi", 0)]
    [InlineData("atan2(1, 0) - pi / 2", 0)]
    [InlineData("clip(7, -1, 3) + clip(-7, -1, 3)", 2)]
    [InlineData("sum((1, 2, 3)) + mean((1, 2, 3))", 8)]
    [InlineData("dot((1, 2), (3, 4))", 11)]
    [InlineData("norm((3, 4))", 5)]
    [InlineData("all((1, 1, 0)) + 2 * any((1, 1, 0))", 2)]
    [InlineData("(4, 5, 6)[1]", 5)]
    [InlineData("sum((4, 5, 6, 7)[1:3])", 11)]
    [InlineData("sum((4, 5, 6, 7)[2:]) + sum((4, 5)[:1])", 17)]
    [InlineData("qpos[0] + qvel[1]", 3.5)]
    [InlineData("joint.slide.pos + joint.hinge.angle", 0.75)]
    [InlineData("joint.slide.vel * joint.hinge.vel", 6)]
    [InlineData("joint.slide.low + joint.slide.high", 1)]
    [InlineData("sum(joint.box.pos)", 10)]
    [InlineData("body.cart.pos[0] + body.goal.pos[1]", 2.5)]
    [InlineData("body.cart.mass", 2)]
    [InlineData("site.'left-mark'.pos[1]", 0.5)]
    [InlineData("site.top.pos[0] - 0.5 - sin(0.25)", 0)]
    [InlineData("body.pole.mat[8] - cos(0.25)", 0)]
    [InlineData("geom.box.size[2]", 0.3)]
    [InlineData("sensor.where", 0.5)]
    [InlineData("tendon.both.length", 1.25)]
    [InlineData("tendon.both.vel", 7)]
    [InlineData("norm(site.top.linvel - sensor.top_velocity)", 0)]
    [InlineData("site.top.linvel[0] - 2 - 3 * cos(0.25)", 0)]
    [InlineData("body.pole.angvel[1]", 3)]
    [InlineData("norm(body.box.linvel - sensor.box_velocity) + norm(body.box.linvel - (1, 2, 3))", 0)]
    [InlineData("sum(data.mocap_pos)", 6)]
    [InlineData("dt + time + contacts + sum(action) + sum(control)", 0.01)]
    [InlineData("tolerance(0.3, 0, 1)", 1)]
    public void Expressions_mean_what_the_manual_says(string expression, double expected) =>
        Assert.Equal(expected, Assert.Single(Evaluate(expression)), 1e-12);

    [Theory]
    [InlineData("(1, 2, 3) * 2", new double[] { 2, 4, 6 })]
    [InlineData("1 - (1, 2)", new double[] { 0, -1 })]
    [InlineData("((1, 2), 3)", new double[] { 1, 2, 3 })]
    [InlineData("-(1, 2)", new double[] { -1, -2 })]
    [InlineData("(1, 2) > 1", new double[] { 0, 1 })]
    [InlineData("max((1, 5), 3)", new double[] { 3, 5 })]
    [InlineData("if((1, 0), 7, (8, 9))", new double[] { 7, 9 })]
    [InlineData("qpos[0:2] + (1, 1)", new double[] { 1.5, 1.25 })]
    [InlineData("tolerance((0, 2), 0, 1)", new double[] { 1, 0 })]
    [InlineData("(qvel[0:2] ^ 2)[1]", new double[] { 9 })]
    public void Vectors_go_element_by_element(string expression, double[] expected) => Assert.Equal(expected, Evaluate(expression));

    [Theory]
    [InlineData("1 +", 10, "a value is expected here, not the end")]
    [InlineData("(1", 9, "')' is expected here, not the end")]
    [InlineData("1 2", 9, "'2' is left over")]
    [InlineData("1 < 2 < 3", 13, "comparisons do not chain; join them with 'and'")]
    [InlineData("1.2.3", 7, "'1.2.3' is no number")]
    [InlineData("1 ? 2", 9, "'?' means nothing here; allowed:")]
    [InlineData("qpo[1]", 7, "'qpo' is not known; did you mean 'qpos'?")]
    [InlineData("tolerence(1, 2, 3)", 7, "'tolerence' is not a function; did you mean 'tolerance'?")]
    [InlineData("clip(1, 2)", 7, "clip() takes 3 values, not 2")]
    [InlineData("sum(1, 2)", 7, "sum() takes 1 value, not 2")]
    [InlineData("qpos[9]", 12, "a whole number 0..8 is expected here: there are 9 values")]
    [InlineData("qpos[0:10]", 14, "a whole number 0..9 is expected here")]
    [InlineData("qpos[3:1]", 12, "[3:1] takes nothing")]
    [InlineData("qpos[0.5]", 12, "a whole number 0..8 is expected here")]
    [InlineData("qpos[joint.slide.pos]", 12, "a whole number 0..8 is expected here")]
    [InlineData("qpos + qvel", 12, "9 and 8 values do not go together")]
    [InlineData("joint.hige.angle", 13, "the model has no joint 'hige'; did you mean hinge? it has the joint names slide, hinge, box")]
    [InlineData("site.left.pos", 12, "'left-mark'")]
    [InlineData("joint.slide.angle", 19, "'angle' is not known of joint 'slide'; allowed: pos, vel, low, high")]
    [InlineData("joint.hinge.low", 19, "'low' is not known of joint 'hinge'; did you mean 'pos'?")]
    [InlineData("joint.hinge", 18, "'.' is expected here, not the end")]
    [InlineData("joint.", 13, "a name is expected here, not the end")]
    [InlineData("site.'top.pos", 12, "this quote is not closed")]
    [InlineData("data.efc_force", 12, "'efc_force' is no array that 'data' gives")]
    [InlineData("uniform(0, 1)", 7, "only 'reset' draws random numbers")]
    [InlineData("before(before(1))", 14, "before() of before() is not remembered")]
    [InlineData("tolerance(1, 2)", 7, "tolerance(x, low, high, margin, shape, value_at_margin) lacks 'high'")]
    [InlineData("tolerance(1, 2, 1)", 7, "tolerance() between 2 and 1")]
    [InlineData("tolerance(1, 0, 1, -1)", 7, "a margin of -1; allowed: 0 and more")]
    [InlineData("tolerance(1, 0, 1, 1, liner)", 29, "'liner' is not a shape; did you mean 'linear'?")]
    [InlineData("tolerance(1, 0, 1, 1, gaussian, 0)", 7, "more than 0 and less than 1")]
    [InlineData("tolerance(1, 0, 1, 1, linear, 1)", 7, "0 to less than 1")]
    public void Errors_name_line_and_column_and_what_is_allowed(string expression, int column, string message)
    {
        var error = Assert.Throws<TaskFormatException>(() => _folder.Read($"observation:\n  x: {expression}"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal((3, column - 1), (error.Problems[0].Line, error.Problems[0].Column));
        Assert.Contains("task.yaml:3:", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gaussian", 0.1, 0.562341325190349)]
    [InlineData("hyperbolic", 0.1, 0.426401432711221)]
    [InlineData("long_tail", 0.1, 0.307692307692308)]
    [InlineData("reciprocal", 0.1, 0.181818181818182)]
    [InlineData("cosine", 0.1, 0.658113883008419)]
    [InlineData("linear", 0.1, 0.55)]
    [InlineData("quadratic", 0.1, 0.775)]
    [InlineData("tanh_squared", 0.1, 0.480506146704084)]
    [InlineData("linear", 0.0, 0.5)]
    [InlineData("quadratic", 0.0, 0.75)]
    [InlineData("cosine", 0.0, 0.5)]
    [InlineData("linear", 0.5, 0.75)]
    public void Tolerance_falls_as_its_shape_says(string shape, double atMargin, double atHalf)
    {
        // The bounds are [1, 2] and the margin 4: 3 is a quarter margin outside, 4 and -1 a half, 6 the margin itself.
        double Of(double x) => Evaluate(FormattableString.Invariant($"tolerance({x}, 1, 2, 4, {shape}, {atMargin})"))[0];

        Assert.Equal([1, 1, 1], [Of(1), Of(1.5), Of(2)]);
        Assert.Equal([atHalf, atHalf, atMargin, atMargin], [Of(4), Of(-1), Of(6), Of(-3)], (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.InRange(Of(3), Math.BitIncrement(atHalf), Math.BitDecrement(1));
        Assert.InRange(Of(1e9), 0, 1e-6);
    }

    [Fact]
    public void Tolerance_without_margin_is_a_step_and_its_default_is_a_gaussian_of_a_tenth()
    {
        Assert.Equal([0, 1, 1, 0], Evaluate("tolerance((0.9, 1, 2, 2.1), 1, 2)"));
        Assert.Equal(0.1, Evaluate("tolerance(6, 1, 2, 4)")[0], 1e-12);
        Assert.Equal([1, 1], Evaluate("(tolerance(1e9, 1, inf, 4), tolerance(-1e9, -inf, 2, 4))"));
    }

    [Fact]
    public void Random_text_never_ends_otherwise_than_with_a_problem()
    {
        string[] words =
        [
            "1", ".5", "(", ")", "[", "]", ":", ",", "+", "-", "*", "/", "^", "<", "==", "and", "or", "not", "qpos", "joint", ".", "slide",
            "pos", "sum", "tolerance", "before", "if", "min", "'", "$", "body", "inf", "action", "linear",
        ];
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(
            Gen.ArrayOf(Gen.Elements(words)).ToArbitrary(),
            some =>
            {
                try
                {
                    _folder.Read($"observation: {{ x: \"{string.Join(' ', some)}\" }}");
                }
                catch (TaskFormatException)
                {
                    // What most of these are.
                }
            }));
    }

    [Fact]
    public void What_grows_without_end_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("(", 100)) + "1" + string.Concat(Enumerable.Repeat(")", 100));
        Assert.Contains("nested more than", Problem(deep), StringComparison.Ordinal);
        Assert.Contains("nested more than", Problem(string.Concat(Enumerable.Repeat("2^", 100)) + "2"), StringComparison.Ordinal);
        var wide = string.Join("+", Enumerable.Repeat("qpos[0]", 30_000));
        Assert.Contains("too large", Problem(wide), StringComparison.Ordinal);

        string Problem(string expression) =>
            Assert.Throws<TaskFormatException>(() => _folder.Read($"observation:\n  x: {expression}")).Message;
    }

    private double[] Evaluate(string expression)
    {
        var yaml = $"{State}observation:\n  x: {expression}\n";
        using var environment = _folder.Start(yaml);
        return environment.Observed(_folder.Read(yaml));
    }
}
