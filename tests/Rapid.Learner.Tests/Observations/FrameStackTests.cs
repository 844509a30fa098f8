using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using Rapid.Agents.Observations;
using Rapid.Core;
using Rapid.Policies.Frames;
using Rapid.Protocol;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Tests.Observations;

/// <summary>
/// What an actor's policy saw and what the learner makes of its blocks, both against lists of frames that are kept the plainest way.
/// </summary>
public class FrameStackTests
{
    private const int Environments = 3, Steps = 6, Blocks = 4;

    [Fact]
    public void Actor_and_learner_see_the_stacks_that_plain_lists_of_frames_make() => Prop.ForAll<int, byte, bool>((seed, size, repeats) =>
    {
        var padding = repeats ? StackPadding.FirstFrame : StackPadding.Zeros;
        Play(new Random(seed), new FrameSpace(2, 2, 1 + size % 5, padding, Channels: size % 2 == 0 ? 1 : 3));
    }).QuickCheckThrowOnFailure();

    private static void Play(Random random, FrameSpace space)
    {
        var episodes = new List<byte[]>[Environments];
        var buffer = new FrameBuffer(space, Environments, Steps);
        var batch = new FrameBatch(space);
        var learned = new List<byte[]>();
        var current = Enumerable.Range(0, Environments).Select(_ => Frame(random, space)).ToArray();
        for (var i = 0; i < Environments; i++)
        {
            episodes[i] = [current[i]];
        }

        buffer.Start(Floats(current));
        for (var b = 0; b < Blocks; b++)
        {
            var (terminated, truncated) = (new byte[Steps * Environments], new byte[Steps * Environments]);
            var (expected, finals, finalFrames) = (new List<byte[]>(), new List<byte[]>(), new List<byte>());
            for (var t = 0; t <= Steps; t++)
            {
                var planes = buffer.Planes(t);
                for (var i = 0; i < Environments; i++)
                {
                    expected.Add(Stack(space, episodes[i]));
                    Assert.Equal(expected[^1], Bytes(planes.Slice(i * space.Planes, space.Planes), space.PlaneSize));
                }

                if (t == Steps)
                {
                    break;
                }

                var ended = new byte[Environments];
                for (var i = 0; i < Environments; i++)
                {
                    var (next, kind) = (Frame(random, space), random.Next(8));
                    (terminated[t * Environments + i], truncated[t * Environments + i]) = kind switch
                    {
                        0 => ((byte)1, (byte)0),
                        1 => ((byte)0, (byte)1),
                        _ => ((byte)0, (byte)0),
                    };
                    if (kind == 1)
                    {
                        finals.Add(Stack(space, [.. episodes[i], next]));
                        finalFrames.AddRange(next);
                    }

                    ended[i] = kind < 2 ? (byte)1 : (byte)0;
                    current[i] = kind < 2 ? Frame(random, space) : next;
                    episodes[i] = kind < 2 ? [current[i]] : [.. episodes[i], current[i]];
                }

                buffer.Add(Floats(current), ended);
            }

            var block = Block(space, buffer, terminated, truncated, [.. finalFrames]);
            batch.Append(block);
            learned.AddRange(expected.Take(Steps * Environments));
            var all = new byte[expected.Count * space.Stack * space.Size];
            batch.Copy(block, all);
            Assert.Equal(expected.SelectMany(stack => stack), all);
            var last = new byte[finals.Count * space.Stack * space.Size];
            batch.CopyFinals(block, last);
            Assert.Equal(finals.SelectMany(stack => stack), last);
            buffer.Rewind();
        }

        int[] rows = [.. Enumerable.Range(0, learned.Count)];
        random.Shuffle(rows);
        var gathered = new byte[rows.Length * space.Stack * space.Size];
        batch.Gather(rows, gathered);
        Assert.Equal(rows.SelectMany(row => learned[row]), gathered);
    }

    /// <summary>The newest frames of an episode, with what stands for those before it.</summary>
    private static byte[] Stack(FrameSpace space, List<byte[]> episode)
    {
        var missing = space.Padding == StackPadding.Zeros ? new byte[space.Size] : episode[0];
        return [.. Enumerable.Range(0, space.Stack).SelectMany(plane =>
        {
            var index = episode.Count - space.Stack + plane;
            return index < 0 ? missing : episode[index];
        })];
    }

    private static Trajectory Block(FrameSpace space, FrameBuffer buffer, byte[] terminated, byte[] truncated, byte[] finals)
    {
        var block = new Trajectory { Steps = Steps, Environments = Environments };
        block.Add(TrajectoryColumns.Observations, buffer.Frames, Steps + 1, Environments, space.Size);
        if (space.Stack > 1)
        {
            block.Add(TrajectoryColumns.FrameHistory, buffer.History, space.Stack - 1, Environments, space.Size);
        }

        block.Add<byte>(TrajectoryColumns.Terminated, terminated, Steps, Environments);
        block.Add<byte>(TrajectoryColumns.Truncated, truncated, Steps, Environments);
        block.Add<byte>(TrajectoryColumns.FinalObservations, finals, finals.Length / space.Size, space.Size);
        return block;
    }

    private static byte[] Frame(Random random, FrameSpace space)
    {
        var frame = new byte[space.Size];
        random.NextBytes(frame);
        return frame;
    }

    private static float[] Floats(byte[][] frames) => [.. frames.SelectMany(frame => frame).Select(value => (float)value)];

    private static byte[] Bytes(ReadOnlySpan<nint> planes, int size)
    {
        var bytes = new byte[planes.Length * size];
        for (var i = 0; i < planes.Length; i++)
        {
            Marshal.Copy(planes[i], bytes, i * size, size);
        }

        return bytes;
    }
}
