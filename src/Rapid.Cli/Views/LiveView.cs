using System.Globalization;
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
        var tail = string.Create(
            CultureInfo.InvariantCulture,
            $" {100 * run.Part:0}%  {Figures.Count(run.Step)} / {Figures.Count(run.TotalSteps)}  {Figures.Count(run.StepsPerSecond)} steps/s  {Figures.Time(run.Remaining)} left");
        var bar = Math.Clamp(width - tail.Length, 10, 40);
        var full = (int)Math.Round(bar * run.Part);
        return new Markup(
            $"[bold]{Markup.Escape(title)}[/]\n[green]{new string('━', full)}[/][grey]{new string('─', bar - full)}[/]{Markup.Escape(tail)}");
    }

    private static Grid Body(RunSnapshot run)
    {
        var grid = new Grid().AddColumns(4);
        var evaluation = run.Evaluation is { } newest
            ? $"{Figures.Return(run.EvaluationFigure("return_mean"))} ± {Figures.Return(run.EvaluationFigure("return_deviation"))} at {Figures.Count(newest.Step)}"
            : "-";
        grid.AddRow(Label("return, last 100"), Value(Figures.Return(run.Figure("episode_return_mean"))), Label("evaluation"), Value(evaluation));
        for (var i = 0; i + 1 < Figures.Shown.Count; i += 2)
        {
            var (left, right) = (Figures.Shown[i], Figures.Shown[i + 1]);
            grid.AddRow(
                Label(left.Label), Value(Figures.Number(run.Figure(left.Name))), Label(right.Label), Value(Figures.Number(run.Figure(right.Name))));
        }

        return grid;
    }

    private static Markup Label(string text) => new($"[grey]{Markup.Escape(text)}[/]");

    private static Markup Value(string text) => new(Markup.Escape(text));
}
