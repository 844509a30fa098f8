using Rapid.Environments.Described;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests.Descriptions;

public sealed class TaskProblemTests : IDisposable
{
    private readonly TaskFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("frame_skip: 0", 2, 13, "'0' is not allowed here; allowed: whole numbers 1..10000")]
    [InlineData("episode_steps: many", 2, 16, "'many' is not allowed here")]
    [InlineData("solved_at: qpos[0]", 2, 12, "a number is expected here, and 'qpos' can change")]
    [InlineData("observe: { x: 1 }", 2, 1, "'observe' is no field of a task; allowed: summary, model")]
    [InlineData("frame_skp: 1", 2, 1, "'frame_skp' is no field of a task; did you mean 'frame_skip'?")]
    [InlineData("terminated: qpos", 2, 13, "one number is expected here, not 9")]
    [InlineData("terminated: 1\nterminated: 2", 3, 1, "'terminated' is there twice")]
    [InlineData("options: { sum: 1 }", 2, 12, "'sum' has a meaning of its own")]
    [InlineData("options: { a-b: 1 }", 2, 12, "'a-b' is no name; allowed: letters, digits and _")]
    [InlineData("options: { a: 1, a: 2 }", 2, 18, "'a' is there twice")]
    [InlineData("options: { a: time }", 2, 15, "a number is expected here, and 'time' can change")]
    [InlineData("options: { a: 1 }\nlet: { a: 2 }", 3, 8, "'a' is there twice")]
    [InlineData("let: { a: b, b: 1 }", 2, 11, "'b' is not known")]
    [InlineData("let: {}", 2, 6, "'let' is empty")]
    [InlineData("summary: \"a\\0\"", 2, 10, "a text with the character U+0000 is not allowed")]
    [InlineData("let: 5", 2, 6, "a group is expected here")]
    [InlineData("summary: ''", 2, 11, "a summary is one line of at most 200 characters")]
    [InlineData("action: { low: -1 }", 2, 9, "'low' and 'high' belong together")]
    [InlineData("action: { low: 1, high: 1 }", 2, 9, "each 'low' below its 'high'")]
    [InlineData("action: { low: -1, high: inf }", 2, 9, "finite bounds")]
    [InlineData("action: { low: '(1, 2)', high: '(3, 4)' }", 2, 9, "an action of 2 for 1 actuators; 'control' says")]
    [InlineData("action: { size: 3, low: '(1, 2)', high: '(3, 4)', control: 1 }", 2, 9, "2 lower and 2 upper bounds for an action of 3")]
    [InlineData("action: { size: 3, control: 1 }", 2, 9, "an action that is not the controls needs 'low' and 'high'")]
    [InlineData("action: { size: 0 }", 2, 17, "'0' is not allowed here")]
    [InlineData("action: { lo: -1 }", 2, 11, "'lo' is no field of an action; did you mean 'low'?")]
    [InlineData("action: { control: qpos }", 2, 20, "9 values for 1 actuators")]
    [InlineData("action: { control: before(qpos) }", 2, 20, "before() is for what is seen and rewarded after a step")]
    [InlineData("reset: { set: { qpso: 1 } }", 2, 17, "'qpso' is not known; did you mean 'qpos'?")]
    [InlineData("reset: { set: { body.cart.pos: 1 } }", 2, 17, "'body.cart.pos' cannot be set; allowed: qpos, qvel")]
    [InlineData("reset: { set: { time: 1 } }", 2, 17, "'time' cannot be set")]
    [InlineData("reset: { set: { 'qpos[0:2]': '(1, 2, 3)' } }", 2, 31, "3 values for the 2 of 'qpos[0:2]'")]
    [InlineData("reset: { set: { qpos: action } }", 2, 23, "there is no action while an episode is being started")]
    [InlineData("reset: { draw: { a: 1 } }\nlet: { b: a }", 3, 11, "'a' is drawn for a reset, and is not known after it")]
    [InlineData("let: { b: 1 }\nreset: { reject: b }", 3, 18, "'b' is not known")]
    [InlineData("reset:\n  reject: qpos[0] < 1", 3, 3, "1000 states in a row were rejected")]
    [InlineData("reset: { settle: -1 }", 2, 18, "'-1' is not allowed here")]
    [InlineData("reset: { scatter: some }", 2, 19, "'some' is not allowed here; allowed: limited or all")]
    [InlineData("reset: { sett: {} }", 2, 10, "'sett' is no field of a reset; did you mean 'set'?")]
    [InlineData("observation:\n  a: log(qpos[0] - 1)", 3, 6, "'a' is NaN in its element 0 of the first state")]
    [InlineData("observation: { a: '(1, 1 / qpos[0])' }", 2, 20, "in its element 1 of the first state")]
    [InlineData("reward: { a: 1 / sum(action) }", 2, 14, "after a step without action")]
    [InlineData("reset: { set: { 'qvel[1]': 1e12 } }", 1, 8, "the simulation breaks down in its first step: ")]
    public void Problems_name_line_and_column_and_what_is_allowed(string yaml, int line, int column, string message)
    {
        var error = Assert.Throws<TaskFormatException>(() => _folder.Read(yaml));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(error.Problems, problem => (problem.Line, problem.Column) == (line, column));
    }

    [Fact]
    public void All_problems_of_a_file_are_named_at_once_in_their_order()
    {
        const string Yaml =
            """
            model: model.xml
            frame_skip: x
            let: { a: '1 +', b: c }
            observation: { o: qpso }
            reward: { r: sim(qpos), s: qpos }
            rest: 1
            """;
        var error = Assert.Throws<TaskFormatException>(() => _folder.Read(Yaml));
        Assert.Equal([2, 3, 3, 4, 5, 5, 6], error.Problems.Select(problem => problem.Line));
        Assert.Equal(7, error.Message.Split('\n').Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("- 1")]
    [InlineData("model: [a]")]
    [InlineData("model: nowhere.xml")]
    [InlineData("model: \"a\\0b\"")]
    [InlineData("model: .")]
    [InlineData("model: model.xml\nobservation: { a: qpos[0] }\nreward: { a: 1 }")]
    [InlineData("model: model.xml\nreward: { a: 1 }")]
    [InlineData("model: model.xml\nobservation: { a: 1 }")]
    [InlineData("model: model.xml\nobservation: [1]\nreward: 1")]
    [InlineData("model: &m model.xml\nreward: *m")]
    public void What_is_no_task_is_refused(string yaml) =>
        Assert.Throws<TaskFormatException>(() => TaskReader.Read(yaml, Path.Combine(_folder.Path, "task.yaml")));

    [Fact]
    public void A_model_that_does_not_compile_is_refused_with_the_words_and_the_line_of_mujoco()
    {
        _folder.Write("bad.xml", "<mujoco>\n  <worldbody>\n    <geom type=\"spere\" size=\"1\"/>\n  </worldbody>\n</mujoco>\n");
        var error = Assert.Throws<TaskFormatException>(() => _folder.Read("model: bad.xml"));
        Assert.Equal((1, 8), (error.Problems[0].Line, error.Problems[0].Column));
        Assert.Contains("spere", error.Message, StringComparison.Ordinal);
        Assert.Contains("bad.xml", error.Message, StringComparison.Ordinal);
        Assert.Contains("line 3", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Problems[0].Message);
    }

    [Fact]
    public void An_actuator_without_a_range_asks_for_one()
    {
        var model = File.ReadAllText(Path.Combine(_folder.Path, "model.xml"));
        _folder.Write("free.xml", model.Replace("ctrllimited=\"true\" ctrlrange=\"-2 2\"", "", StringComparison.Ordinal));
        var error = Assert.Throws<TaskFormatException>(() => _folder.Read("model: free.xml"));
        Assert.Contains("actuator 'push' has no control range in the model", error.Message, StringComparison.Ordinal);
        Assert.NotNull(_folder.Read("model: free.xml\naction: { low: -1, high: 1 }"));
    }

    [Fact]
    public void The_registry_finds_a_wrong_task_and_says_why_it_is_wrong()
    {
        var path = _folder.Write("task.yaml", "model: model.xml\nobservation: { a: x }\nreward: { b: y }\n");
        var info = EnvironmentRegistry.Find(path)!;
        var problems = EnvironmentRegistry.CheckOptions(info, new Dictionary<string, string>()).ToList();
        Assert.Equal(["name", "name"], problems.Select(problem => problem.Option));
        Assert.All(problems, problem => Assert.StartsWith($"{path}:", problem.Problem, StringComparison.Ordinal));
        Assert.Throws<ArgumentException>(() => EnvironmentRegistry.Create(path));

        var missing = Path.Combine(_folder.Path, "other.yaml");
        Assert.Null(EnvironmentRegistry.Find(missing));
        var error = Assert.Throws<ArgumentException>(() => EnvironmentRegistry.Create(missing));
        Assert.Contains("no such file on this machine", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_description_of_a_game_is_none_of_a_task_and_one_that_is_no_yaml_is_told_by_its_lines()
    {
        Assert.Equal("atari", EnvironmentRegistry.Find(_folder.Write("game.yaml", "rules: { over: 1 }"))?.Family);
        var broken = _folder.Write("broken.yaml", "model: model.xml\n\t{{{");
        Assert.Equal("mujoco", EnvironmentRegistry.Find(broken)?.Family);
        Assert.Null(Rapid.Environments.Atari.AtariNames.Parse(broken));
    }
}
