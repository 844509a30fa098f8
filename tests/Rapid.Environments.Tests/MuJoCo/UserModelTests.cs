using Rapid.Core;
using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests.MuJoCo;

/// <summary>A model file of the user's own in place of a task's.</summary>
public sealed class UserModelTests : IDisposable
{
    private const string OneLeg = """
        <mujoco>
          <worldbody>
            <geom type="plane" size="10 10 1"/>
            <body name="torso" pos="0 0 1">
              <joint name="x" type="slide" axis="1 0 0"/>
              <joint name="z" type="slide" axis="0 0 1"/>
              <joint name="y" type="hinge" axis="0 1 0"/>
              <geom type="capsule" size=".05 .2"/>
              <body name="leg" pos="0 0 -.3">
                <joint name="knee" type="hinge" axis="0 1 0"/>
                <geom type="capsule" size=".05 .2"/>
              </body>
            </body>
          </worldbody>
          <actuator>
            <motor joint="knee" ctrllimited="true" ctrlrange="-2 3"/>
          </actuator>
        </mujoco>
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-models-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Observations_and_actions_have_the_sizes_of_the_users_model()
    {
        using var environment = Tasks.Create("Hopper-v5", ("xml_file", Write(OneLeg)));

        Assert.Equal(3 + 4, environment.ObservationSize());
        Assert.Equal((-2, 3), (((BoxSpace)environment.ActionSpace).Low.Single(), ((BoxSpace)environment.ActionSpace).High.Single()));
        environment.Reset(new RandomStream(1), environment.NewObservation());
        environment.Step([3], environment.NewObservation());
        Assert.NotEqual(0, environment.Detail("x_velocity"));
        environment.SaveState().Dispose();
    }

    [Fact]
    public void A_file_is_compiled_once_for_all_its_environments_and_again_when_it_changes()
    {
        var path = Write(OneLeg);
        using var one = Tasks.Create("Hopper-v4", ("xml_file", path));
        using var other = Tasks.Create("Walker2d-v5", ("xml_file", path));
        Assert.Same(one.Model, other.Model);

        File.WriteAllText(path, OneLeg.Replace("-2 3", "-4 4", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(1));
        using var changed = Tasks.Create("Hopper-v4", ("xml_file", path));
        Assert.NotSame(one.Model, changed.Model);
        Assert.Equal(4, ((BoxSpace)changed.ActionSpace).High.Single());
    }

    [Theory]
    [InlineData("parts/actuators.xml")]
    [InlineData("parts/shape.stl")]
    public void A_model_is_compiled_again_when_a_file_that_it_names_changes(string file)
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "parts"));
        string PathOf(string name) => Path.Combine(_folder.FullName, name);
        const string Actuators = "<mujocoinclude><actuator><motor joint='knee' ctrllimited='true' ctrlrange='-2 3'/></actuator></mujocoinclude>";
        const string Torso = "<geom type=\"capsule\" size=\".05 .2\"/>\n      <body";
        File.WriteAllText(PathOf("parts/actuators.xml"), Actuators);
        File.WriteAllBytes(PathOf("parts/shape.stl"), Tetrahedron(1));
        var leg = OneLeg[..OneLeg.IndexOf("<actuator>", StringComparison.Ordinal)]
            .Replace(Torso, "<geom type='mesh' mesh='shape'/>\n      <body", StringComparison.Ordinal)
            .Replace(
                "<worldbody>",
                "<compiler meshdir='parts'/><asset><mesh name='shape' file='shape.stl'/></asset><worldbody>",
                StringComparison.Ordinal);
        Assert.Contains("mesh='shape'", leg, StringComparison.Ordinal);
        var path = Write(leg + "<include file=\"parts/actuators.xml\"/></mujoco>");
        using var before = Tasks.Create("Hopper-v4", ("xml_file", path));
        using var same = Tasks.Create("Hopper-v4", ("xml_file", path));
        Assert.Same(before.Model, same.Model);

        if (file.EndsWith("stl", StringComparison.Ordinal))
        {
            File.WriteAllBytes(PathOf(file), Tetrahedron(2));
        }
        else
        {
            File.WriteAllText(PathOf(file), Actuators.Replace("-2 3", "-4 4", StringComparison.Ordinal));
        }

        File.SetLastWriteTimeUtc(PathOf(file), DateTime.UtcNow.AddMinutes(1));
        using var after = Tasks.Create("Hopper-v4", ("xml_file", path));
        Assert.NotSame(before.Model, after.Model);
    }

    [Fact]
    public void A_link_whose_file_is_replaced_is_another_file()
    {
        string PathOf(string name) => Path.Combine(_folder.FullName, name);
        var (one, two, link) = (PathOf("1"), PathOf("2"), PathOf("link"));
        File.WriteAllText(one, "1");
        var time = DateTime.UtcNow.AddHours(-1);
        File.SetLastWriteTimeUtc(one, time);
        File.CreateSymbolicLink(link, one);
        var stamps = new FileStamps([link, two]);
        Assert.True(stamps.AreFresh);
        Assert.True(stamps.HasChangedSince(time));
        Assert.False(stamps.HasChangedSince(time.AddSeconds(1)));

        File.SetLastWriteTimeUtc(one, time.AddMinutes(1));
        Assert.False(stamps.AreFresh);
        stamps = new FileStamps([link, two]);
        File.WriteAllText(two, "");
        Assert.False(stamps.AreFresh);
    }

    [Theory]
    [InlineData("Hopper-v5", "<geom type=\"capsule\"", "<geom type=\"nonsense\"", new[] { "model.xml", "nonsense", "line 8" })]
    [InlineData("Hopper-v4", "<worldbody>", "<option timestep=\"0\"/><worldbody>", new[] { "timestep is 0 s", "allowed: 1E-06 to 1" })]
    [InlineData("Hopper-v4", "<worldbody>", "<option timestep=\"-0.1\"/><worldbody>", new[] { "model.xml", "timestep is -0.1 seconds" })]
    [InlineData("Hopper-v5", "<worldbody>", "<option timestep=\"1e9\"/><worldbody>", new[] { "model.xml", "timestep is" })]
    [InlineData("Hopper-v4", "</mujoco>", "", new[] { "model.xml", "XML" })]
    [InlineData("Ant-v4", "\"torso\"", "\"trunk\"", new[] { "model.xml", "no body 'torso'", "Ant" })]
    [InlineData("Reacher-v5", "\"torso\"", "\"fingertip\"", new[] { "no body 'target'", "Reacher" })]
    [InlineData("Pusher-v5", "", "", new[] { "4 positions (nq)", "Pusher needs 11" })]
    [InlineData("Humanoid-v4", "", "", new[] { "4 velocities (nv)", "Humanoid needs 6" })]
    [InlineData("InvertedDoublePendulum-v5", "", "", new[] { "0 sites", "InvertedDoublePendulum needs 1" })]
    [InlineData("Hopper-v5", " ctrllimited=\"true\" ctrlrange=\"-2 3\"", "", new[] { "no range for actuator 0" })]
    [InlineData("Hopper-v5", "<motor joint=\"knee\" ctrllimited=\"true\" ctrlrange=\"-2 3\"/>", "", new[] { "no actuators" })]
    public void A_model_that_does_not_suit_is_refused_with_the_reason(string name, string text, string replacement, string[] parts)
    {
        var path = Write(text.Length == 0 ? OneLeg : OneLeg.Replace(text, replacement, StringComparison.Ordinal));

        var problem = Assert.Single(EnvironmentRegistry.CheckOptions(
            EnvironmentRegistry.Find(name)!, new Dictionary<string, string> { ["xml_file"] = path }));

        Assert.Equal("xml_file", problem.Option);
        Assert.All(parts, part => Assert.Contains(part, problem.Problem, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_not_there_is_refused_by_its_path()
    {
        var path = Path.Combine(_folder.FullName, "missing.xml");

        var error = Assert.Throws<ArgumentException>(() => Tasks.Create("Ant-v5", ("xml_file", path)));

        Assert.Contains($"xml_file: cannot load the model '{path}'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    /// <summary>A binary STL file.</summary>
    private static byte[] Tetrahedron(float size)
    {
        float[][] corners = [[0, 0, 0], [size, 0, 0], [0, size, 0], [0, 0, size]];
        int[][] faces = [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]];
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(new byte[80]);
        writer.Write(faces.Length);
        foreach (var face in faces)
        {
            writer.Write(new byte[12]);
            Array.ForEach(face, corner => Array.ForEach(corners[corner], writer.Write));
            writer.Write((short)0);
        }

        return stream.ToArray();
    }

    private string Write(string xml)
    {
        var path = Path.Combine(_folder.FullName, "model.xml");
        File.WriteAllText(path, xml);
        return path;
    }
}
