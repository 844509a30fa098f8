using System.Diagnostics;
using System.Globalization;
using Rapid.Core;
using Rapid.Environments;
using Rapid.Environments.Atari;
using Rapid.Environments.Atari.Arcade;
using Rapid.Environments.Atari.Games;
using Rapid.Environments.Atari.Roms;
using Rapid.Environments.Registry;

// Emulated frames a second of one core, each action held for four: nothing drawn, and with the observations of pixel policies; then a
// vector of 64 environments on two threads against one. Games: the one that ships, and Tetris where RAPID_ROMS has it, which is the harder
// one.
const int Rounds = 7, Steps = 1500, Vector = 64, VectorSteps = 40, FrameSkip = 4;
const double DrawnTarget = 25_000, UndrawnTarget = 60_000, ThreadsTarget = 1.8;

var games = new List<string> { "duel" };
if (RomLibrary.Open().Locate(GameTable.Find("tetris")!) is not null)
{
    games.Add("tetris");
}

var allMet = true;
foreach (var game in games)
{
    List<double> drawn = [], undrawn = [], one = [], two = [];
    for (var round = 0; round < Rounds; round++)
    {
        undrawn.Add(MeasureConsole(game));
        drawn.Add(MeasureEnvironment(game));
        one.Add(MeasureVector(game, threads: 1));
        two.Add(MeasureVector(game, threads: 2));
    }

    var threads = Median(two) / Median(one);
    allMet &= Median(drawn) >= DrawnTarget && Median(undrawn) >= UndrawnTarget && threads >= ThreadsTarget;
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{game}: {Median(undrawn):F0} frames/s undrawn (target >= {UndrawnTarget:F0}), {Median(drawn):F0} with 84x84 observations "
            + $"(target >= {DrawnTarget:F0}), {Vector} environments on 2 threads {threads:F2}x of 1 (target >= {ThreadsTarget:F1}x)"));
}

return allMet ? 0 : 1;

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static double MeasureConsole(string game)
{
    var description = GameTable.Find(game)!;
    var settings = new ArcadeSettings { FrameSkip = FrameSkip, RepeatActionProbability = 0 };
    var console = new ArcadeConsole(RomLibrary.Open().Require(description), description, settings) { DrawsFrames = false };
    var random = new RandomStream(1);
    var clock = Stopwatch.StartNew();
    for (var step = 0; step < Steps; step++)
    {
        console.Act(description.MinimalActions[random.NextIndex(description.MinimalActions.Count)]);
        if (console.IsTerminal)
        {
            console.ResetGame();
        }
    }

    return Steps * FrameSkip / clock.Elapsed.TotalSeconds;
}

static double MeasureEnvironment(string game)
{
    using var environment = EnvironmentRegistry.Create(NameOf(game));
    var (random, observation) = (new RandomStream(1), new float[environment.ObservationSpace.Size]);
    var actions = ((DiscreteSpace)environment.ActionSpace).Count;
    environment.Reset(random, observation);
    var clock = Stopwatch.StartNew();
    for (var step = 0; step < Steps; step++)
    {
        if (environment.Step([random.NextIndex(actions)], observation) is { Terminated: true } or { Truncated: true })
        {
            environment.Reset(random, observation);
        }
    }

    return Steps * FrameSkip / clock.Elapsed.TotalSeconds;
}

static double MeasureVector(string game, int threads)
{
    using var vector = new VectorEnvironment(_ => EnvironmentRegistry.Create(NameOf(game)), Vector, seed: 1, threads);
    var size = vector.ObservationSpace.Size;
    var (observations, finals, rewards) = (new float[Vector * size], new float[Vector * size], new float[Vector]);
    var (terminated, truncated, actions) = (new byte[Vector], new byte[Vector], new float[Vector]);
    var random = new RandomStream(1);
    vector.Reset(observations);
    var clock = Stopwatch.StartNew();
    for (var step = 0; step < VectorSteps; step++)
    {
        for (var i = 0; i < Vector; i++)
        {
            actions[i] = random.NextIndex(((DiscreteSpace)vector.ActionSpace).Count);
        }

        vector.Step(actions, observations, rewards, terminated, truncated, finals);
    }

    return Vector * VectorSteps / clock.Elapsed.TotalSeconds;
}

static string NameOf(string game) => AtariNames.Of(game).First(name => name.Name.EndsWith("-v5", StringComparison.Ordinal)).Name;
