namespace Rapid.Hosting;

/// <summary>
/// What a caller may be. Methods say which roles they serve with ASP.NET Core's <c>Authorize</c>; those that say nothing serve operators.
/// </summary>
public static class Roles
{
    /// <summary>Enlists as an actor, follows policies and appends trajectories: RAPID_TOKEN_ACTOR.</summary>
    public const string Actor = "actor";

    /// <summary>Enlists as an evaluator, follows policies and reports scores: RAPID_TOKEN_EVALUATOR.</summary>
    public const string Evaluator = "evaluator";

    /// <summary>Makes, fills, draws from and drops tables: RAPID_TOKEN_LEARNER.</summary>
    public const string Learner = "learner";

    /// <summary>Submits and cancels experiments, moves tables in and out, and sees what a viewer sees: RAPID_TOKEN_OPERATOR.</summary>
    public const string Operator = "operator";

    /// <summary>Sees experiments, figures of tables, pictures and metrics, and changes nothing: RAPID_TOKEN_VIEWER.</summary>
    public const string Viewer = "viewer";

    /// <summary>Those that work for a learner.</summary>
    public const string Workers = $"{Actor},{Evaluator}";

    /// <summary>Those that make tables and take them out.</summary>
    public const string TableOwners = $"{Learner},{Operator}";

    /// <summary>Those that look.</summary>
    public const string Onlookers = $"{Operator},{Viewer}";

    /// <summary>Every role.</summary>
    public static IReadOnlyList<string> All { get; } = [Actor, Evaluator, Learner, Operator, Viewer];

    /// <summary>The variable that holds a role's token.</summary>
    public static string Variable(string role)
    {
        ArgumentNullException.ThrowIfNull(role);
        return $"RAPID_TOKEN_{role.ToUpperInvariant()}";
    }
}
