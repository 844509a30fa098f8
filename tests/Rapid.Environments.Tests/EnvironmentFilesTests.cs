using Rapid.Environments.Registry;

namespace Rapid.Environments.Tests;

/// <summary>Two machines find out whether they make the same of a name.</summary>
public sealed class EnvironmentFilesTests : IDisposable
{
    private const string Model = """<mujoco><include file="parts/leg.xml"/><asset><mesh name="foot" file="foot.stl"/></asset></mujoco>""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rapid-digests-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("model.xml")]
    [InlineData("parts/leg.xml")]
    [InlineData("foot.stl")]
    public void A_model_is_another_when_any_of_its_files_is(string edited)
    {
        var (here, there) = (Machine("here"), Machine("there"));
        Assert.Matches("^[0-9a-f]{64}$", DigestOfModel(here));
        Assert.Equal(DigestOfModel(here), DigestOfModel(there));

        var file = Path.Combine(there, edited);
        var (text, time) = (File.ReadAllText(file), File.GetLastWriteTimeUtc(file));
        File.WriteAllText(file, text.Replace('g', 'q'));
        File.SetLastWriteTimeUtc(file, time);
        Assert.NotEqual(DigestOfModel(here), DigestOfModel(there));

        File.WriteAllText(file, text);
        Assert.Equal(DigestOfModel(here), DigestOfModel(there));
    }

    [Fact]
    public void A_task_has_the_digest_of_its_description_and_its_model()
    {
        var (here, there) = (Machine("here"), Machine("there"));
        Assert.Equal(DigestOf(Task(here, 1)), DigestOf(Task(there, 1)));
        Assert.NotEqual(DigestOf(Task(here, 1)), DigestOf(Task(there, 2)));

        var one = DigestOf(Task(here, 1));
        File.AppendAllText(Path.Combine(here, "body.xml"), " ");
        Assert.NotEqual(one, DigestOf(Task(here, 1)));
    }

    [Fact]
    public void A_cartridge_by_its_path_has_the_digest_of_its_image()
    {
        var (one, other) = (Path.Combine(_folder.FullName, "one.bin"), Path.Combine(_folder.FullName, "other.bin"));
        File.WriteAllBytes(one, new byte[4096]);
        File.WriteAllBytes(other, new byte[4096]);
        Assert.Equal(DigestOf(one), DigestOf(other));
        File.WriteAllBytes(other, [.. new byte[4095], 1]);
        Assert.NotEqual(DigestOf(one), DigestOf(other));
    }

    [Theory]
    [InlineData("CartPole-v1")]
    [InlineData("Hopper-v5")]
    [InlineData("ALE/Pong-v5")]
    public void What_needs_no_file_of_a_users_own_has_no_digest(string name) => Assert.Equal("", DigestOf(name));

    private static string DigestOf(string name) => EnvironmentFiles.DigestOf(name, new Dictionary<string, string>());

    private static string DigestOfModel(string machine) =>
        EnvironmentFiles.DigestOf("Hopper-v5", new Dictionary<string, string> { ["xml_file"] = Path.Combine(machine, "model.xml") });

    private static string Task(string machine, int skip)
    {
        var path = Path.Combine(machine, "task.yaml");
        File.WriteAllText(path, $"model: body.xml\nframe_skip: {skip}\nobservation: {{ x: 'qpos[0]' }}\nreward: {{ r: 1 }}\n");
        return path;
    }

    private string Machine(string name)
    {
        var folder = _folder.CreateSubdirectory(name);
        folder.CreateSubdirectory("parts");
        File.WriteAllText(Path.Combine(folder.FullName, "model.xml"), Model);
        File.WriteAllText(Path.Combine(folder.FullName, "parts", "leg.xml"), "<mujocoinclude><!-- leg --></mujocoinclude>");
        File.WriteAllText(Path.Combine(folder.FullName, "foot.stl"), "geometry");
        File.WriteAllText(
            Path.Combine(folder.FullName, "body.xml"),
            """
            <mujoco><worldbody><body name="b"><joint name="j" type="hinge"/><geom size="1"/></body></worldbody>
            <actuator><motor joint="j" ctrllimited="true" ctrlrange="-1 1"/></actuator></mujoco>
            """);
        return folder.FullName;
    }
}
