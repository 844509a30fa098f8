namespace Rapid.Cli.Views;

/// <summary>One line every few seconds, and one for every evaluation: for logs and pipes.</summary>
internal sealed class PlainView(TextWriter output) : IRunView
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private long _lastStep = -1, _lastEvaluation = -1;
    private TimeSpan? _lastTime;
    private string _lastObstacle = "";

    /// <inheritdoc/>
    public Task DrawAsync(RunProgress progress, CancellationToken over) =>
        RunViews.RepeatAsync(isLast => Draw(progress.Read(), isLast), over);

    private void Draw(RunSnapshot run, bool isLast)
    {
        if (run.Evaluation is { } evaluation && evaluation.Step != _lastEvaluation)
        {
            _lastEvaluation = evaluation.Step;
            output.WriteLine($"evaluation at {evaluation.Step}: return {run.Score}");
        }

        if (run.Obstacle != _lastObstacle)
        {
            _lastObstacle = run.Obstacle;
            output.WriteLine(run.Obstacle.Length > 0 ? $"waiting: {run.Obstacle}" : "going on");
            output.Flush();
        }

        if (run.Training is null || run.Step == _lastStep || (!isLast && run.Elapsed - _lastTime < Interval))
        {
            return;
        }

        (_lastStep, _lastTime) = (run.Step, run.Elapsed);
        var figures = string.Join(", ", Figures.Shown.Where(figure => run.Figure(figure.Name) is not null)
            .Select(figure => $"{figure.Label} {Figures.Number(run.Figure(figure.Name))}"));
        output.WriteLine(
            $"{100 * run.Part:0}% step {run.Step}/{run.TotalSteps}, {Figures.Count(run.StepsPerSecond)} steps/s, "
            + $"{Figures.Time(run.Remaining)} left, return {Figures.Return(run.Figure("episode_return_mean"))}, {figures}"
            + (run.Figure(Figures.SkippedSteps) is > 0 and { } skipped ? $", {Figures.Count(skipped)} gradient steps skipped" : ""));
        output.Flush();
    }
}
