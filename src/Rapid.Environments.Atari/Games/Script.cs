namespace Rapid.Environments.Atari.Games;

/// <summary>What a script acts on.</summary>
internal interface IScriptHost
{
    /// <summary>The console's switches.</summary>
    IGameControls Controls { get; }

    /// <summary>Evaluates on the memory as it is now.</summary>
    int Evaluate(Expression expression);

    /// <summary>Sets a variable of the rules.</summary>
    void Assign(int slot, int value);

    /// <summary>Counts a turn of a loop.</summary>
    /// <exception cref="InvalidOperationException">There were too many in this script.</exception>
    void CountTurn();

    /// <summary>Ends the script: a condition does not come true.</summary>
    InvalidOperationException GaveUp(int tries);
}

/// <summary>A step of selecting a mode.</summary>
internal abstract class Statement
{
    public abstract void Run(IScriptHost host);
}

internal sealed class Block(IReadOnlyList<Statement> statements) : Statement
{
    public override void Run(IScriptHost host)
    {
        foreach (var statement in statements)
        {
            statement.Run(host);
        }
    }
}

internal sealed class PressSelect(Expression frames) : Statement
{
    private const int MostFrames = 1000;

    public override void Run(IScriptHost host) => host.Controls.PressSelect(Math.Clamp(host.Evaluate(frames), 1, MostFrames));
}

internal sealed class SoftReset : Statement
{
    public override void Run(IScriptHost host) => host.Controls.SoftReset();
}

internal sealed class Act(int action) : Statement
{
    public override void Run(IScriptHost host) => host.Controls.Act(action);
}

internal sealed class Assign(int slot, Expression value) : Statement
{
    public override void Run(IScriptHost host) => host.Assign(slot, host.Evaluate(value));
}

/// <summary>Runs its body while a condition is false, which is looked at first.</summary>
internal sealed class Until(Expression condition, int most, Statement body) : Statement
{
    /// <summary>A cartridge that never shows the mode must not hang its console.</summary>
    public const int DefaultMost = 10_000;

    public override void Run(IScriptHost host)
    {
        for (var tries = 0; host.Evaluate(condition) == 0; tries++)
        {
            if (tries == most)
            {
                throw host.GaveUp(most);
            }

            host.CountTurn();
            body.Run(host);
        }
    }
}

internal sealed class Repeat(int times, Statement body) : Statement
{
    public override void Run(IScriptHost host)
    {
        for (var i = 0; i < times; i++)
        {
            host.CountTurn();
            body.Run(host);
        }
    }
}

internal sealed class If(Expression condition, Statement then, Statement? otherwise) : Statement
{
    public override void Run(IScriptHost host)
    {
        if (host.Evaluate(condition) != 0)
        {
            then.Run(host);
        }
        else
        {
            otherwise?.Run(host);
        }
    }
}
