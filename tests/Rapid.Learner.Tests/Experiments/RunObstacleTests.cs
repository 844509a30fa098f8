using System.IO.Strategies;
using System.Runtime.CompilerServices;
using Rapid.Learner.Runs;

namespace Rapid.Learner.Tests.Experiments
{
    /// <summary>What a run waits for, and what it fails of.</summary>
    public class RunObstacleTests
    {
        [Fact]
        public void A_file_that_may_not_grow_is_waited_for_whichever_class_of_the_runtime_says_so()
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(SomeFileStream.Write);
            Assert.StartsWith("the run's folder cannot be written: ", RunObstacle.Of(error), StringComparison.Ordinal);
        }

        [Fact]
        public void A_wrong_argument_of_anything_else_is_no_obstacle()
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(Fail);
            Assert.Null(RunObstacle.Of(error));
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void Fail() => throw new ArgumentOutOfRangeException("value", "is out of range");
    }
}

namespace System.IO.Strategies
{
    /// <summary>As the runtime's own, of which the compiler decides where an error comes from.</summary>
    internal static class SomeFileStream
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static void Write() =>
            throw new ArgumentOutOfRangeException("value", "Specified file length was too large for the file system.");
    }
}
