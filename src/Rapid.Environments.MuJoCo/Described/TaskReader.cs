using System.Globalization;
using Rapid.Core;
using Rapid.Environments.Languages;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Described;

/// <summary>Makes a task from its file. Reads all of it and reports everything that is wrong.</summary>
internal sealed class TaskReader
{
    private const int MostFrames = 10_000, MostSteps = 100_000_000, MostNumbers = 100_000;

    private static readonly string[] Fields =
    [
        "summary", "model", "frame_skip", "episode_steps", "solved_at", "options", "action", "reset", "let", "observation", "reward",
        "terminated",
    ];

    private readonly SourceProblems _problems = new();
    private readonly Dictionary<string, SourceNode> _fields;
    private readonly SourceNode.Map _root;
    private readonly string _file;

    private TaskReader(SourceNode.Map root, string file)
    {
        (_root, _file) = (root, file);
        _fields = _problems.Collect(root, "a task", Fields);
        foreach (var (field, what) in ((string, string)[])
            [("model", "the MJCF file"), ("observation", "what the policy sees"), ("reward", "what it learns from")])
        {
            if (!_fields.ContainsKey(field))
            {
                _problems.Add(_root.At, $"'{field}' is missing: {what}");
            }
        }
    }

    /// <summary>Reads a task.</summary>
    /// <param name="yaml">The description.</param>
    /// <param name="file">Its path: models are looked for beside it.</param>
    /// <exception cref="TaskFormatException">With every problem.</exception>
    public static TaskDescription Read(string yaml, string file)
    {
        try
        {
            var reader = new TaskReader(SourceNode.Read(yaml, "a task", "model"), file);
            var task = reader.Read();
            if (reader._problems.Count == 0 && task is not null)
            {
                reader.Try(task);
            }

            return reader._problems.Count == 0
                ? task!
                : throw new TaskFormatException(file, reader._problems.ByPlace);
        }
        catch (SourceException error)
        {
            throw new TaskFormatException(file, [error.Problem]);
        }
    }

    /// <summary>Null when there is no model to read it for.</summary>
    private TaskDescription? Read()
    {
        var frameSkip = Try("frame_skip", 1, node => SourceFields.Whole(node, 1, MostFrames));
        var steps = Try("episode_steps", 1000, node => SourceFields.Whole(node, 1, MostSteps));
        MuJoCoModel? model = null;
        _problems.Guard(() => model = LoadModel());
        if (model is null)
        {
            return null;
        }

        using var simulation = new MuJoCoSimulation(model);
        var names = new ModelNames(simulation);
        var stepSeconds = frameSkip * MuJoCoNative.Timestep(model);
        var scope = new TaskScope(names, stepSeconds);
        var options = ReadOptions(scope);
        var (actions, control) = new TaskActions(scope, _problems).Read(_fields.GetValueOrDefault("action"), _root.At);
        var reset = new TaskResetReader(scope, _problems).Read(_fields.GetValueOrDefault("reset"));
        var values = ReadNamed("let", (key, node) =>
        {
            var value = TaskParser.Read(SourceFields.Text(node), scope, Place.Step);
            return new NamedValue(key.Text, value, scope.Declare(key, value.Size, Place.Step));
        });
        var observation = ReadNamed("observation", (key, node) =>
            new Term(key.Text, TaskParser.Read(SourceFields.Text(node), scope, Place.Step), SourceFields.Text(node)));
        var reward = ReadNamed("reward", (key, node) =>
            new Term(key.Text, TaskParser.ReadScalar(SourceFields.Text(node), scope, Place.Step), SourceFields.Text(node)));
        if (observation.Sum(term => term.Value.Size) > MostNumbers)
        {
            _problems.Add(_fields["observation"].At, $"an observation of more than {MostNumbers} numbers");
        }

        return new TaskDescription
        {
            File = _file,
            Model = model,
            ModelFile = ModelPath(),
            Summary = Try("summary", $"a task on {Path.GetFileName(_file)}", Summary),
            FrameSkip = frameSkip,
            StepSeconds = stepSeconds,
            EpisodeSteps = steps,
            SolvedAt = Try<double?>("solved_at", null, node => Number(node, scope)),
            Options = options,
            Actions = actions,
            Control = control,
            Reset = reset,
            Values = [.. values],
            Observation = [.. observation],
            Reward = [.. reward],
            Terminated = Try<Node?>(
                "terminated", null, node => TaskParser.ReadScalar(SourceFields.Text(node), scope, Place.Step)),
            Before = [.. scope.Before],
            Arrays = names.Arrays,
            SlotCount = scope.SlotCount,
            Joints = [.. names.Joints],
        };
    }

    private MuJoCoModel? LoadModel()
    {
        if (!_fields.TryGetValue("model", out var node))
        {
            return null;
        }

        var text = SourceFields.Text(node);
        if (text.Text.Contains('\0'))
        {
            throw text.Wrong(0, "a path has no character 0");
        }

        var path = ModelPath();
        if (!File.Exists(path))
        {
            throw text.Wrong(0, $"there is no file {path}; a model is looked for beside the task");
        }

        try
        {
            return MuJoCoModel.OfFile(path);
        }
        catch (MuJoCoException error)
        {
            throw text.Wrong(0, string.Join(' ', error.Message.Split((char[])['\r', '\n', ' '], StringSplitOptions.RemoveEmptyEntries)));
        }
    }

    private string ModelPath() =>
        Path.GetFullPath(SourceFields.Text(_fields["model"]).Text, Path.GetDirectoryName(Path.GetFullPath(_file))!);

    private List<(string, double, Slot)> ReadOptions(TaskScope scope) => ReadNamed(
        "options", (key, node) => (key.Text, Number(node, scope), scope.Declare(key, 1, Place.Number)));

    /// <summary>A group of names of the user's own.</summary>
    private List<T> ReadNamed<T>(string field, Func<SourceSpan, SourceNode, T> read)
    {
        var all = new List<T>();
        var seen = new HashSet<string>();
        if (_fields.TryGetValue(field, out var group))
        {
            _problems.Guard(() =>
            {
                var children = SourceFields.Group(group).Children;
                if (children.Count == 0)
                {
                    _problems.Add(group.At, $"'{field}' is empty");
                }

                foreach (var (key, child) in children)
                {
                    _problems.Guard(() => all.Add(seen.Add(key.Text)
                        ? read(key, child)
                        : throw key.Wrong(0, $"'{key.Text}' is there twice; give one another name")));
                }
            });
        }

        return all;
    }

    private static double Number(SourceNode node, TaskScope scope) =>
        ((Constant)TaskParser.ReadScalar(SourceFields.Text(node), scope, Place.Number)).Value;

    private static string Summary(SourceNode node)
    {
        var text = SourceFields.Text(node);
        return text.Text.Length is > 0 and <= 200 && !text.Text.Any(char.IsControl)
            ? text.Text
            : throw text.Wrong(0, "a summary is one line of at most 200 characters");
    }

    /// <summary>Starts an episode and makes a step, to find what only then shows.</summary>
    private void Try(TaskDescription task)
    {
        using var environment = new TaskEnvironment(task, new Dictionary<string, double>());
        var observation = new float[task.ObservationSize];
        try
        {
            environment.Reset(new RandomStream(1), observation);
        }
        catch (InvalidOperationException error)
        {
            _problems.Add(_fields["reset"].At, error.Message);
            return;
        }

        FindNonFinite(environment, task.Observation, "of the first state");
        var result = environment.Step(new float[task.Actions.Size], observation);
        if (result.Breakdown is { } reason)
        {
            _problems.Add(_fields["model"].At, $"the simulation breaks down in its first step: {reason}");
            return;
        }

        FindNonFinite(environment, [.. task.Observation, .. task.Reward], "after a step without action");
    }

    private void FindNonFinite(TaskEnvironment environment, IReadOnlyList<Term> terms, string when)
    {
        foreach (var term in terms)
        {
            for (var i = 0; i < term.Value.Size; i++)
            {
                if (term.Value.At(i, environment.State) is var value && !double.IsFinite(value))
                {
                    var text = value.ToString(CultureInfo.InvariantCulture);
                    _problems.Add(term.At, $"'{term.Name}' is {text} in its element {i} {when}; only finite numbers are learned from");
                    break;
                }
            }
        }
    }

    private T Try<T>(string field, T fallback, Func<SourceNode, T> read) =>
        _problems.Try(_fields.GetValueOrDefault(field), fallback, read);
}
