using System.Runtime.InteropServices;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.Rendering;

/// <summary>The C ABI of native/mujoco/renderer.c.</summary>
internal static partial class RenderNative
{
    private const string Library = "rapid_mujoco";

    [LibraryImport(Library, EntryPoint = "rapid_render_create")]
    public static partial int Create(MuJoCoModel model, int width, int height, int samples, int shadowSize, out nint renderer);

    [LibraryImport(Library, EntryPoint = "rapid_render_draw")]
    public static partial int Draw(RendererHandle renderer, MuJoCoData data, in CameraView view, Span<byte> rgb);

    [LibraryImport(Library, EntryPoint = "rapid_render_delete")]
    public static partial void Delete(nint renderer);

    [LibraryImport(Library, EntryPoint = "rapid_render_default_view")]
    public static partial void DefaultView(MuJoCoModel model, MuJoCoData data, out CameraView view);
}

/// <summary>A renderer of native code, with its OpenGL context.</summary>
internal sealed class RendererHandle : SafeHandle
{
    public RendererHandle(nint renderer)
        : base(0, ownsHandle: true) => SetHandle(renderer);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        RenderNative.Delete(handle);
        return true;
    }
}
