using Spectre.Console;

namespace Rapid.Cli.Views;

/// <summary>A few lines of the terminal that are drawn again and again in place.</summary>
internal sealed class LiveView(IAnsiConsole console, string title) : IRunView
{
    /// <inheritdoc/>
    public Task DrawAsync(RunProgress progress, CancellationToken over) => console
        .Live(Content(progress.Read()))
        .StartAsync(context => RunViews.RepeatAsync(_ => context.UpdateTarget(Content(progress.Read())), over));

    private Rows Content(RunSnapshot run) => new(Head(run, Math.Max(40, console.Profile.Width - 1)), Body(run));

    private Markup Head(RunSnapshot run, int width)
    {
        var tail = $" {100 * run.Part:0}%  {Figures.Count(run.Step)} / {Figures.Count(run.TotalSteps)}"
            + $"  {Figures.Count(run.StepsPerSecond)} steps/s  {Figures.Time(run.Remaining)} left";
        var bar = Math.Clamp(width - tail.Length, 10, 40);
        var obstacle = run.Obstacle.Length > 0 ? $"\n[yellow]waiting: {Markup.Escape(run.Obstacle)}[/]" : "";
        var full = (int)Math.Round(bar * run.Part);
        var (done, left) = (new string('━', full), new string('─', bar - full));
        return new Markup($"[bold]{Markup.Escape(title)}[/]\n[green]{done}[/][grey]{left}[/]{Markup.Escape(tail)}{obstacle}");
    }

    private static Grid Body(RunSnapshot run)
    {
        var grid = new Grid().AddColumns(4);
        AddPair(
            grid,
            ("return, last 100", Figures.Return(run.Figure("episode_return_mean"))),
            ("evaluation", run.Evaluation is { } newest ? $"{run.Score} at {Figures.Count(newest.Step)}" : "-"));
        for (var i = 0; i + 1 < Figures.Shown.Count; i += 2)
        {
            var (left, right) = (Figures.Shown[i], Figures.Shown[i + 1]);
            AddPair(grid, (left.Label, Figures.Number(run.Figure(left.Name))), (right.Label, Figures.Number(run.Figure(right.Name))));
        }

        if (run.Figure(Figures.SkippedSteps) is > 0 and { } skipped)
        {
            AddPair(grid, ("gradient steps skipped", Figures.Count(skipped)), ("", ""));
        }

        return grid;
    }

    private static void AddPair(Grid grid, (string Label, string Value) left, (string Label, string Value) right)
    {
        static Markup Label(string text) => new($"[grey]{Markup.Escape(text)}[/]");
        grid.AddRow(Label(left.Label), new Text(left.Value), Label(right.Label), new Text(right.Value));
    }
}
