using Rapid.Environments.MuJoCo.Simulation;
using Rapid.Environments.Rendering;

namespace Rapid.Environments.Tests.Rendering;

/// <summary>Physics scenes: a red ball that slides along x and z, and a blue box that stays to the left of it, below.</summary>
public sealed class SceneRenderingTests : IDisposable
{
    private const string Scene = """
        <mujoco>
          <visual><headlight ambient="1 1 1" diffuse="0 0 0" specular="0 0 0"/></visual>
          <worldbody>
            <body name="ball" pos="0 0 0.6">
              <joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/>
              <geom type="sphere" size="0.1" rgba="1 0 0 1"/>
            </body>
            <geom type="box" pos="-0.6 0 0" size="0.1 0.1 0.1" rgba="0 0 1 1"/>
          </worldbody>
        </mujoco>
        """;

    private static readonly CameraView Side = new(0, 0, 0.3, 3, 90, 0, -1);

    private readonly List<IDisposable> _owned = [];

    public void Dispose() => _owned.ForEach(owned => owned.Dispose());

    [Theory]
    [InlineData(64, 64)]
    [InlineData(200, 100)]
    [InlineData(301, 333)]
    public void The_top_row_comes_first_and_the_size_is_the_one_asked_for(int width, int height)
    {
        using var renderer = new MuJoCoRenderer(Load(Scene), Side, new RenderOptions(width, height));
        var picture = Picture.Of(renderer);
        Assert.Equal((width, height), (picture.Width, picture.Height));

        // The view is 2 * 3 * tan(45 / 2 degrees) metres high.
        var pixels = height / 2.485;
        var (red, blue) = (picture.MiddleOf(0), picture.MiddleOf(2));
        Assert.InRange(red.X, (width / 2.0) - 2, (width / 2.0) + 2);
        Assert.InRange(red.Y, (height / 2.0) - (0.3 * pixels) - 2, (height / 2.0) - (0.3 * pixels) + 2);
        Assert.InRange(blue.X, (width / 2.0) - (0.6 * pixels) - 3, (width / 2.0) - (0.6 * pixels) + 3);
        Assert.InRange(blue.Y, (height / 2.0) + (0.3 * pixels) - 2, (height / 2.0) + (0.3 * pixels) + 2);
    }

    [Fact]
    public void What_moved_has_moved_in_the_picture_and_nothing_else()
    {
        var simulation = Load(Scene);
        using var renderer = new MuJoCoRenderer(simulation, Side, new RenderOptions(240, 240));
        var before = Picture.Of(renderer);
        simulation.Reset([0.5, -0.4], [0, 0]);
        var after = Picture.Of(renderer);
        Assert.InRange(after.MiddleOf(0).X - before.MiddleOf(0).X, 46, 51);
        Assert.InRange(after.MiddleOf(0).Y - before.MiddleOf(0).Y, 36, 41);
        Assert.Equal(before.MiddleOf(2), after.MiddleOf(2));
    }

    [Fact]
    public void The_camera_goes_along_with_a_body_that_walks()
    {
        var simulation = Load("""
            <mujoco>
              <visual><headlight ambient="1 1 1" diffuse="0 0 0" specular="0 0 0"/></visual>
              <worldbody>
                <geom type="box" pos="0 1 0" size="0.1 0.1 0.1" rgba="0 0 1 1"/>
                <body>
                  <joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/>
                  <geom type="sphere" size="0.1" rgba="1 0 0 1"/>
                  <body pos="0.2 0 0"><joint type="hinge" axis="0 1 0"/><geom type="sphere" size="0.1" rgba="1 0 0 1"/></body>
                </body>
              </worldbody>
            </mujoco>
            """);
        var view = CameraView.Of(simulation, "someone's");
        Assert.Equal(1, view.FollowedBody);
        using var renderer = new MuJoCoRenderer(simulation, view, new RenderOptions(120, 120));
        var before = Picture.Of(renderer);
        Assert.False(double.IsNaN(before.MiddleOf(2).X));
        simulation.Reset([30, 20, 0], [0, 0, 0]);
        var after = Picture.Of(renderer);
        Assert.InRange(after.MiddleOf(0).X, before.MiddleOf(0).X - 1, before.MiddleOf(0).X + 1);
        Assert.InRange(after.MiddleOf(0).Y, 0, 120);
        Assert.True(double.IsNaN(after.MiddleOf(2).X), "what stands still is left behind");
    }

    [Fact]
    public void A_scene_that_nobody_has_framed_fills_the_picture()
    {
        var simulation = Load("""
            <mujoco>
              <visual><headlight ambient="1 1 1" diffuse="0 0 0" specular="0 0 0"/></visual>
              <worldbody>
                <geom type="plane" size="100 100 1" rgba="0.2 0.2 0.2 1"/>
                <body pos="7 8 50">
                  <joint type="hinge" axis="0 1 0"/>
                  <geom type="capsule" fromto="0 0 0 0 0 20" size="1" rgba="1 0 0 1"/>
                </body>
              </worldbody>
            </mujoco>
            """);
        using var renderer = new MuJoCoRenderer(simulation, CameraView.Of(simulation, "someone's"), new RenderOptions(100, 100));
        var picture = Picture.Of(renderer);
        var rows = Enumerable.Range(0, 100).Where(y => Enumerable.Range(0, 100).Any(x => (picture[x, y] >> 16) > 100)).ToList();
        Assert.InRange(rows[0], 2, 30);
        Assert.InRange(rows[^1], 70, 97);
    }

    [Fact]
    public void Many_renderers_in_many_threads_draw_what_one_alone_draws()
    {
        using var alone = new MuJoCoRenderer(Load(Scene), Side, new RenderOptions(96, 96));
        var expected = Picture.Of(alone).Rgb;
        var model = Model(Scene);
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            using var simulation = new MuJoCoSimulation(model);
            simulation.Reset([0, 0], [0, 0]);
            using var renderer = new MuJoCoRenderer(simulation, Side, new RenderOptions(96, 96));
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(expected, Picture.Of(renderer).Rgb);
            }
        });
    }

    [Fact]
    public async Task A_renderer_may_be_used_by_one_thread_after_the_other()
    {
        using var renderer = new MuJoCoRenderer(Load(Scene), Side, new RenderOptions(64, 64));
        var expected = Picture.Of(renderer).Rgb;
        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(expected, await Task.Factory.StartNew(
                () => Picture.Of(renderer).Rgb, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        }
    }

    [Fact]
    public void Renderers_that_come_and_go_leave_nothing_behind()
    {
        var simulation = Load(Scene);
        void Make(int count)
        {
            for (var i = 0; i < count; i++)
            {
                using var renderer = new MuJoCoRenderer(simulation, Side, new RenderOptions(256, 256));
                Picture.Of(renderer);
            }
        }

        Make(30);

        // A context has buffers of a megabyte, and more beside them, which would be missing after every round. What other tests of the
        // process take or give back meanwhile falls into single rounds.
        var growth = Enumerable.Range(0, 5).Select(_ =>
        {
            var before = ResidentBytes();
            Make(60);
            return ResidentBytes() - before;
        });
        Assert.InRange(growth.Order().ElementAt(2), long.MinValue, 20 << 20);
    }

    [Fact]
    public void A_state_that_is_not_finite_is_refused_and_the_next_one_drawn()
    {
        var simulation = Load(Scene);
        using var renderer = new MuJoCoRenderer(simulation, Side with { FollowedBody = 1 }, new RenderOptions(64, 64));
        simulation.State("subtree_com")[3] = double.NaN;
        var error = Assert.Throws<RenderingException>(() => Picture.Of(renderer));
        Assert.Contains("not finite", error.Message, StringComparison.Ordinal);
        simulation.Reset([0, 0], [0, 0]);
        Assert.False(double.IsNaN(Picture.Of(renderer).MiddleOf(0).X));
    }

    [Fact]
    public void Good_pictures_have_shadows()
    {
        var simulation = Load("""
            <mujoco>
              <visual><headlight ambient="0.3 0.3 0.3" diffuse="0 0 0" specular="0 0 0"/></visual>
              <worldbody>
                <light directional="true" castshadow="true" pos="0 0 5" dir="0 0 -1" diffuse="0.6 0.6 0.6"/>
                <geom type="plane" size="5 5 1" rgba="1 1 1 1"/>
                <body pos="0 0 1"><joint type="hinge" axis="0 1 0"/><geom type="box" size="0.4 0.4 0.05" rgba="1 0 0 1"/></body>
              </worldbody>
            </mujoco>
            """);
        Assert.Equal(0, DarkFloor(RenderQuality.Fast));
        Assert.InRange(DarkFloor(RenderQuality.Good), 200, 4000);

        int DarkFloor(RenderQuality quality)
        {
            using var renderer = new MuJoCoRenderer(simulation, new(0, 0, 0.5, 4, 90, -45, -1), new RenderOptions(160, 160, quality));
            return Picture.Of(renderer).Rgb.Chunk(3)
                .Count(pixel => pixel[0] == pixel[1] && pixel[1] == pixel[2] && pixel[0] is > 40 and < 120);
        }
    }

    [Theory]
    [InlineData(15, 100, "Width")]
    [InlineData(100, 4097, "Height")]
    public void Sizes_beyond_reason_are_refused(int width, int height, string side)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new RenderOptions(width, height));
        Assert.Equal(side, error.ParamName);
        Assert.Contains("allowed: 16 to 4096", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_buffer_of_another_size_is_refused()
    {
        using var renderer = new MuJoCoRenderer(Load(Scene), Side, new RenderOptions(64, 64));
        Assert.Throws<ArgumentOutOfRangeException>(() => renderer.Render(new byte[(64 * 64 * 3) - 1]));
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var pages = File.ReadAllText("/proc/self/statm").Split(' ')[1];
        return long.Parse(pages, System.Globalization.CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }

    private MuJoCoModel Model(string scene)
    {
        var file = Path.Combine(Path.GetTempPath(), $"rapid-test-{Guid.NewGuid():N}.xml");
        File.WriteAllText(file, scene);
        try
        {
            var model = MuJoCoModel.Load(file);
            _owned.Add(model);
            return model;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private MuJoCoSimulation Load(string scene)
    {
        var model = Model(scene);
        var simulation = new MuJoCoSimulation(model);
        _owned.Insert(0, simulation);
        simulation.Reset(simulation.Positions.Span.ToArray(), simulation.Velocities.Span.ToArray());
        return simulation;
    }
}
