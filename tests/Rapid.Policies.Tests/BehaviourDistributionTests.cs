namespace Rapid.Policies.Tests;

/// <summary>The distribution that an action was sampled from, beside the action.</summary>
public sealed class BehaviourDistributionTests
{
    private const int Count = 9;

    [Fact]
    public void Discrete_distributions_are_normalised_and_hold_the_sampled_actions_log_probability()
    {
        var (layout, inference) = Make(discrete: true);
        var observations = Networks.RandomObservations(layout, Count, 3);
        var (actions, logProbabilities, distributions) = Act(inference, observations);
        for (var i = 0; i < Count; i++)
        {
            var distribution = distributions.AsSpan(i * layout.Outputs, layout.Outputs).ToArray();
            Assert.Equal(1, distribution.Sum(value => Math.Exp(value)), 1e-5);
            Assert.Equal(logProbabilities[i], distribution[(int)actions[i]], 1e-6);
            Assert.Equal(distribution.Length, distribution.Distinct().Count());
        }
    }

    [Fact]
    public void Gaussian_distributions_are_the_means_of_each_observation()
    {
        var (layout, inference) = Make(discrete: false);
        var observations = Networks.RandomObservations(layout, Count, 3);
        var (actions, _, distributions) = Act(inference, observations);
        var means = new float[Count * layout.Outputs];
        inference.ActMode(observations, means);
        Assert.Equal(means, distributions);
        Assert.NotEqual(means, actions);
    }

    private static (PolicyLayout Layout, PolicyInference Inference) Make(bool discrete)
    {
        var layout = Networks.Layout(5, 3, discrete);
        var inference = new PolicyInference(layout);
        inference.Load(Networks.RandomParameters(layout, 2));
        return (layout, inference);
    }

    private static (float[] Actions, float[] LogProbabilities, float[] Distributions) Act(PolicyInference inference, float[] observations)
    {
        var layout = inference.Layout;
        var (actions, logProbabilities, values) = (new float[Count * layout.ActionSize], new float[Count], new float[Count]);
        var distributions = new float[Count * layout.Outputs];
        inference.Act(observations, Networks.Streams(Count), actions, logProbabilities, values, distributions);
        return (actions, logProbabilities, distributions);
    }
}
