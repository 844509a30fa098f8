namespace Rapid.Environments.Atari.Games;

/// <summary>Rules that a table or a user's file states.</summary>
internal sealed class TableRules : GameRules
{
    private readonly GameProgram _program;
    private readonly int[] _now;
    private readonly int[] _last;

    public TableRules(GameProgram program)
    {
        _program = program;
        _now = [.. program.Start];
        _last = new int[program.Variables];
        Publish();
    }

    /// <inheritdoc/>
    public override int StateSize => _program.Variables;

    /// <inheritdoc/>
    public override void Reset(IGameMemory memory)
    {
        for (var slot = 0; slot < _now.Length; slot++)
        {
            if (!_program.Kept.Contains(slot))
            {
                _now[slot] = _program.Start[slot];
            }
        }

        Publish();
    }

    /// <inheritdoc/>
    public override void Step(IGameMemory memory)
    {
        _now.CopyTo(_last, 0);
        var frame = new Frame(memory.Ram, _now, _last, memory);
        foreach (var (slot, value) in _program.Lines)
        {
            _now[slot] = value.Evaluate(frame);
        }

        Publish();
    }

    /// <inheritdoc/>
    public override void SelectMode(int mode, IGameControls controls)
    {
        if (!_program.Modes.Contains(mode))
        {
            throw new ArgumentException($"{_program.Game} has no mode {mode}; modes: {Ranges.Describe(_program.Modes)}", nameof(mode));
        }

        _program.Select?.Run(new Selection(this, controls, mode));
    }

    /// <inheritdoc/>
    public override void Save(Span<int> state) => _now.CopyTo(state);

    /// <inheritdoc/>
    public override void Restore(ReadOnlySpan<int> state)
    {
        state[.._now.Length].CopyTo(_now);
        Publish();
    }

    private void Publish()
    {
        Reward = _now[Scope.Reward];
        IsTerminal = _now[Scope.Over] != 0;
        Lives = IsTerminal && !_program.ShowsLivesWhenOver ? 0 : _now[Scope.Lives];
    }

    private sealed class Selection(TableRules rules, IGameControls controls, int mode) : IScriptHost
    {
        /// <summary>Loops in loops must not hang a console either.</summary>
        private const int MostTurns = 100_000;

        private int _turns;

        public IGameControls Controls => controls;

        public void CountTurn()
        {
            if (++_turns > MostTurns)
            {
                throw GaveUp(MostTurns);
            }
        }

        public int Evaluate(Expression expression) =>
            expression.Evaluate(new Frame(controls.Ram, rules._now, rules._now, controls, mode));

        public void Assign(int slot, int value)
        {
            rules._now[slot] = value;
            rules.Publish();
        }

        public InvalidOperationException GaveUp(int tries) => new(
            $"{rules._program.Game} does not come to mode {mode}: it was tried {tries} times; "
            + "is this the cartridge that the game describes?");
    }
}
