using Rapid.Core;
using Rapid.Environments.Languages;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Described;

/// <summary>What the parts of a model are called and where their numbers lie.</summary>
/// <param name="simulation">Of the model; not owned.</param>
internal sealed class ModelNames(MuJoCoSimulation simulation)
{
    private const int MostListed = 20;

    /// <summary>Arrays of MuJoCo's state that "data" gives, and those that nothing here keeps up to date left out.</summary>
    private static readonly string[] DataArrays =
    [
        "act", "qacc", "qfrc_applied", "qfrc_actuator", "qfrc_passive", "qfrc_bias", "qfrc_constraint", "xfrc_applied", "mocap_pos",
        "mocap_quat", "sensordata", "xpos", "xquat", "xmat", "xipos", "ximat", "geom_xpos", "geom_xmat", "site_xpos", "site_xmat",
        "subtree_com", "cinert", "cvel", "ten_length", "ten_velocity", "actuator_length", "actuator_velocity", "actuator_force",
    ];

    private readonly Dictionary<string, double[]> _model = [];
    private readonly Dictionary<MuJoCoObject, string[]> _names = [];
    private readonly List<string> _arrays = [];
    private readonly List<int> _lengths = [];

    /// <summary>Kinds of parts.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["joint", "body", "geom", "site", "tendon", "actuator", "sensor", "data"];

    /// <summary>Arrays that expressions use, in the order of their numbers.</summary>
    public IReadOnlyList<string> Arrays => _arrays;

    /// <summary>A whole array of the state.</summary>
    public StateSlice Whole(string array)
    {
        var number = NumberOf(array);
        return new StateSlice(number, array, 0, _lengths[number]);
    }

    /// <summary>Reads "joint.hip.angle" behind its first word.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="parser">Stands before the point.</param>
    public Node Read(string kind, TaskParser parser)
    {
        parser.Expect(".");
        var name = parser.TakeName();
        if (kind == "data")
        {
            return DataArrays.Contains(name.Text)
                ? Whole(name.Text)
                : throw parser.WrongAt(
                    name, $"'{name.Text}' is no array that 'data' gives{SourceFields.Allowed(name.Text, DataArrays)}");
        }

        var what = Enum.Parse<MuJoCoObject>(kind, ignoreCase: true);
        var id = Array.IndexOf(NamesOf(what), name.Text);
        if (id < 0)
        {
            throw parser.WrongAt(name, $"the model has no {kind} '{name.Text}'{Known(kind, what, name.Text)}");
        }

        if (what == MuJoCoObject.Sensor)
        {
            return Part("sensordata", (int)Model1("sensor_adr", id), (int)Model1("sensor_dim", id));
        }

        parser.Expect(".");
        var field = parser.TakeName();
        var fields = FieldsOf(what, id);
        return fields.TryGetValue(field.Text, out var read)
            ? read()
            : throw parser.WrongAt(
                field, $"'{field.Text}' is not known of {kind} '{name.Text}'{SourceFields.Allowed(field.Text, fields.Keys)}");
    }

    /// <summary>The state behind what a reset sets; null when it cannot be set.</summary>
    public StateSlice? Settable(Node node)
    {
        if (node is not StateSlice slice)
        {
            return null;
        }

        if (slice.Array is "qpos" or "qvel" or "mocap_pos" or "mocap_quat" or "act")
        {
            return slice;
        }

        // A body that follows no joint can be put somewhere where the model says that it is moved from outside.
        var (mocap, width) = slice.Array == "xpos" ? ("mocap_pos", 3) : slice.Array == "xquat" ? ("mocap_quat", 4) : ("", 1);
        var id = slice.Offset / width;
        var number = width > 1 && (slice.Offset % width) + slice.Size <= width ? (int)Model1("body_mocapid", id) : -1;
        return number < 0 ? null : Part(mocap, (number * width) + (slice.Offset % width), slice.Size);
    }

    /// <summary>Limited joints and the others, as a reset draws them: where in qpos, of which type (mjtJoint), and between what.</summary>
    public IReadOnlyList<(int Address, int Type, bool IsLimited, double Low, double High)> Joints =>
    [
        .. NamesOf(MuJoCoObject.Joint).Select((_, id) => (
            (int)Model1("jnt_qposadr", id), (int)Model1("jnt_type", id), Model1("jnt_limited", id) != 0,
            Model1("jnt_range", 2 * id), Model1("jnt_range", (2 * id) + 1))),
    ];

    /// <summary>An array of the model.</summary>
    public double[] OfModel(string array) =>
        _model.TryGetValue(array, out var values) ? values : _model[array] = simulation.Model.Array(array);

    /// <summary>For a message: "actuator 'x'", or its number when it has no name.</summary>
    public string Describe(MuJoCoObject kind, int id) =>
        $"{kind.ToString().ToLowerInvariant()} {(NamesOf(kind)[id] is { Length: > 0 } name ? $"'{name}'" : $"{id}")}";

    private Dictionary<string, Func<Node>> FieldsOf(MuJoCoObject kind, int id) => kind switch
    {
        MuJoCoObject.Joint => JointFields(id),
        MuJoCoObject.Body => new()
        {
            ["pos"] = () => Part("xpos", 3 * id, 3),
            ["quat"] = () => Part("xquat", 4 * id, 4),
            ["mat"] = () => Part("xmat", 9 * id, 9),
            ["com"] = () => Part("xipos", 3 * id, 3),
            ["subtree_com"] = () => Part("subtree_com", 3 * id, 3),
            ["linvel"] = () => LinearVelocity(id, Part("xpos", 3 * id, 3)),
            ["angvel"] = () => Part("cvel", 6 * id, 3),
            ["mass"] = () => new Constant(Model1("body_mass", id)),
        },
        MuJoCoObject.Geom => new()
        {
            ["pos"] = () => Part("geom_xpos", 3 * id, 3),
            ["mat"] = () => Part("geom_xmat", 9 * id, 9),
            ["size"] = () => new Constant(OfModel("geom_size").AsSpan(3 * id, 3).ToArray()),
        },
        MuJoCoObject.Site => new()
        {
            ["pos"] = () => Part("site_xpos", 3 * id, 3),
            ["mat"] = () => Part("site_xmat", 9 * id, 9),
            ["linvel"] = () => LinearVelocity((int)Model1("site_bodyid", id), Part("site_xpos", 3 * id, 3)),
            ["size"] = () => new Constant(OfModel("site_size").AsSpan(3 * id, 3).ToArray()),
        },
        MuJoCoObject.Tendon => new()
        {
            ["length"] = () => Part("ten_length", id, 1),
            ["vel"] = () => Part("ten_velocity", id, 1),
        },
        _ => new()
        {
            ["control"] = () => Part("ctrl", id, 1),
            ["force"] = () => Part("actuator_force", id, 1),
            ["length"] = () => Part("actuator_length", id, 1),
            ["vel"] = () => Part("actuator_velocity", id, 1),
        },
    };

    private Dictionary<string, Func<Node>> JointFields(int id)
    {
        const int Hinge = 3;
        var type = (int)Model1("jnt_type", id);
        var (positions, velocities) = type switch { 0 => (7, 6), 1 => (4, 3), _ => (1, 1) };
        var fields = new Dictionary<string, Func<Node>>
        {
            ["pos"] = () => Part("qpos", (int)Model1("jnt_qposadr", id), positions),
            ["vel"] = () => Part("qvel", (int)Model1("jnt_dofadr", id), velocities),
        };
        if (type == Hinge)
        {
            fields["angle"] = fields["pos"];
        }

        if (Model1("jnt_limited", id) != 0)
        {
            fields["low"] = () => new Constant(Model1("jnt_range", 2 * id));
            fields["high"] = () => new Constant(Model1("jnt_range", (2 * id) + 1));
        }

        return fields;
    }

    private PointVelocity LinearVelocity(int body, StateSlice point) =>
        new(Part("cvel", 6 * body, 6), point, Part("subtree_com", 3 * (int)Model1("body_rootid", body), 3));

    private StateSlice Part(string array, int offset, int count) => new(NumberOf(array), array, offset, count);

    private int NumberOf(string array)
    {
        var number = _arrays.IndexOf(array);
        if (number < 0)
        {
            number = _arrays.Count;
            _arrays.Add(array);
            _lengths.Add(simulation.State(array).Count);
        }

        return number;
    }

    private double Model1(string array, int index) => OfModel(array)[index];

    private string[] NamesOf(MuJoCoObject kind)
    {
        if (!_names.TryGetValue(kind, out var names))
        {
            var count = OfModel(kind switch
            {
                MuJoCoObject.Joint => "jnt_type",
                MuJoCoObject.Body => "body_mass",
                MuJoCoObject.Geom => "geom_type",
                MuJoCoObject.Site => "site_bodyid",
                MuJoCoObject.Tendon => "tendon_limited",
                MuJoCoObject.Sensor => "sensor_adr",
                _ => "actuator_ctrllimited",
            }).Length;
            _names[kind] = names = [.. Enumerable.Range(0, count).Select(id => simulation.Model.NameOf(kind, id))];
        }

        return names;
    }

    private string Known(string kind, MuJoCoObject what, string name)
    {
        string[] known = [.. NamesOf(what).Where(other => other.Length > 0)];
        if (known.Length == 0)
        {
            return $"; it has none with a name: give what you need a name in the model";
        }

        var hint = NearestName.Find(name, known) is { } nearest ? $"; did you mean {Written(nearest)}?" : ";";
        var more = known.Length > MostListed ? $", and {known.Length - MostListed} more" : "";
        return $"{hint} it has the {kind} names {string.Join(", ", known.Take(MostListed).Select(Written))}{more}";
    }

    /// <summary>As it is written in an expression.</summary>
    private static string Written(string name) => Lexer.IsPlainName(name) ? name : $"'{name}'";
}
