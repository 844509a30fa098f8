using System.Runtime.InteropServices;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Rendering;

/// <summary>Where a physics scene is seen from. Native code knows this layout.</summary>
/// <param name="X">Metres, of the point in the middle of the picture; counted from the mass centre of a followed body.</param>
/// <param name="Y">Metres, as <paramref name="X"/>.</param>
/// <param name="Z">Metres above the ground, also where a body is followed.</param>
/// <param name="Distance">Metres from that point to the camera.</param>
/// <param name="Azimuth">Degrees; at 90 the x axis points to the right.</param>
/// <param name="Elevation">Degrees; below 0 the camera looks down.</param>
/// <param name="FollowedBody">Number of the body that the camera goes along with, or -1.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CameraView(
    double X, double Y, double Z, double Distance, double Azimuth, double Elevation, int FollowedBody)
{
    // Views of Gymnasium's tasks, chosen by eye: near enough to see the limbs, with room for what the body does. Its own stand still.
    private static readonly Dictionary<string, CameraView> Known = new()
    {
        ["halfcheetah"] = Following(z: 0.6, distance: 3.2, elevation: -20),
        ["hopper"] = Following(z: 0.75, distance: 3, elevation: -20),
        ["walker2d"] = Following(z: 0.8, distance: 3, elevation: -20),
        ["ant"] = Following(z: 0.5, distance: 4, elevation: -30),
        ["humanoid"] = Following(z: 0.9, distance: 3.2, elevation: -20),
        ["humanoidstandup"] = Following(z: 0.6, distance: 3.6, elevation: -20),
        ["swimmer"] = Following(z: 0, distance: 4.6, elevation: -60),
        ["reacher"] = new(0, 0, 0, 0.85, 90, -90, -1),
        ["pusher"] = new(0.35, -0.2, -0.25, 2.2, 140, -40, -1),
        ["invertedpendulum"] = new(0, 0, 0.2, 2.8, 90, -10, -1),
        ["inverteddoublependulum"] = new(0, 0, 0.4, 3.4, 90, -10, -1),
    };

    /// <summary>
    /// The view of a task that is known; else one of all that there is, or of the body that walks, which the model's file may turn
    /// (visual/global: azimuth, elevation).
    /// </summary>
    /// <param name="simulation">The scene in its present state.</param>
    /// <param name="task">Its name; capitals and underscores do not count.</param>
    public static CameraView Of(MuJoCoSimulation simulation, string task)
    {
        RenderNative.DefaultView(simulation.Model, simulation.Data, out var view);
        return Known.TryGetValue(task.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant(), out var known)
            ? known with { FollowedBody = view.FollowedBody }
            : view;
    }

    private static CameraView Following(double z, double distance, double elevation) => new(0, 0, z, distance, 90, elevation, -1);
}
