namespace Rapid.Environments.Atari.Arcade;

public sealed partial class ArcadeConsole
{
    /// <summary>The state as it is now.</summary>
    /// <param name="withRandom">The state has the generator of the sticky actions, too: what follows is then the same every time.
    /// Without it a restored console goes on drawing from where its own generator is.</param>
    public ArcadeState Save(bool withRandom = false)
    {
        var machine = _machine.NewState();
        _machine.Save(machine);
        var rules = new int[_rules.StateSize];
        _rules.Save(rules);
        var state = new ArcadeState(_game.Id, _cartridge, machine, rules, withRandom)
        {
            Paddles = _hands.Paddles,
            EpisodeFrames = _episodeFrames,
            Frames = _frames,
            Mode = _mode,
            Difficulty = _difficulty,
        };
        _machine.SaveRandom(state.MachineRandom);
        if (state.Random is { } random)
        {
            _random.Save(random);
        }

        return state;
    }

    /// <summary>Goes to a saved state. The screen stays as it is until the next action, and sticky actions remember the last one.</summary>
    /// <exception cref="ArgumentException">The state is of another game or cartridge.</exception>
    public void Restore(ArcadeState state)
    {
        if (state.Game != _game.Id || !state.Cartridge.AsSpan().SequenceEqual(_cartridge))
        {
            throw new ArgumentException($"state: it is of another cartridge ({state.Game}); this console plays {_game.Id}", nameof(state));
        }

        _machine.DrawAll();
        _machine.Restore(state.Machine);
        _machine.RestoreRandom(state.MachineRandom);
        _machine.LookAtMemory();
        _rules.Restore(state.Rules);
        if (state.Random is { } random)
        {
            _random.Restore(random);
        }

        _hands.Paddles = state.Paddles;
        (_episodeFrames, _frames, _mode, _difficulty) = (state.EpisodeFrames, state.Frames, state.Mode, state.Difficulty);
    }
}
