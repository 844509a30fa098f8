using Rapid.Environments.Atari.Pixels;

namespace Rapid.Environments.Tests.Atari.Pixels;

public sealed class FrameStackTests
{
    [Theory]
    [InlineData(StackReset.Zeros, new byte[] { 0, 0, 0, 0, 0, 0, 7, 8 })]
    [InlineData(StackReset.RepeatFirst, new byte[] { 7, 8, 7, 8, 7, 8, 7, 8 })]
    public void A_reset_leaves_what_its_rule_says(StackReset rule, byte[] expected)
    {
        var stack = new FrameStack(4, 2, rule);
        for (byte i = 20; i < 27; i++)
        {
            stack.Next().Fill(i);
        }

        stack.Reset([7, 8]);
        Assert.Equal(expected, Content(stack));
    }

    [Fact]
    public void Frames_come_out_oldest_first_after_any_number_of_steps()
    {
        var stack = new FrameStack(3, 2, StackReset.Zeros);
        stack.Reset([1, 1]);
        for (byte i = 2; i < 20; i++)
        {
            stack.Next().Fill(i);
            byte[] oldest = i == 2 ? [0, 0] : [(byte)(i - 2), (byte)(i - 2)];
            Assert.Equal([.. oldest, (byte)(i - 1), (byte)(i - 1), i, i], Content(stack));
        }
    }

    [Fact]
    public void A_frame_of_another_size_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new FrameStack(4, 2, StackReset.Zeros).Reset([1, 2, 3]));

    private static byte[] Content(FrameStack stack)
    {
        var content = new byte[stack.Frames * stack.FrameSize];
        stack.CopyTo(content);
        return content;
    }
}
