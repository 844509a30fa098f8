using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Optimisers.</summary>
    public static partial class optim
    {
        /// <summary>Changes parameters by their gradients.</summary>
        public abstract class Optimizer : IDisposable
        {
            private protected Optimizer()
            {
            }

            /// <summary>The groups of parameters, each with its learning rate.</summary>
            public virtual IEnumerable<ILearningRateController> ParamGroups => _parameter_groups;

            private protected IList<ParamGroup> _parameter_groups { get; } = [];

            /// <summary>Releases the optimiser's state.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Sets all gradients to zero; the gradient tensors stay.</summary>
            public abstract void zero_grad();

            /// <summary>Changes every parameter that has a gradient.</summary>
            /// <param name="closure">Evaluated first, with recording on; its result is returned.</param>
            public abstract Tensor? step(Func<Tensor>? closure = null);

            /// <summary>All parameters.</summary>
            public virtual IEnumerable<Parameter> parameters() => _parameter_groups.SelectMany(group => group.Parameters);

            /// <summary>Adds parameters; options that the group leaves open are the optimiser's.</summary>
            public abstract void add_param_group(ParamGroup param_group);

            /// <summary>Releases the optimiser's state.</summary>
            protected abstract void Dispose(bool disposing);

            /// <summary>Options of each group and state of each parameter, alive (no copies).</summary>
            public class StateDictionary
            {
                internal StateDictionary()
                {
                }

                /// <summary>One entry per group.</summary>
                public List<OptimizerOptions> Options { get; } = [];

                /// <summary>One entry per parameter.</summary>
                public List<OptimizerState> State { get; } = [];
            }
        }

        /// <summary>Something with a learning rate.</summary>
        public interface ILearningRateController
        {
            /// <summary>The learning rate of the next step.</summary>
            double LearningRate { get; set; }

            /// <summary>The learning rate that schedules start from.</summary>
            double InitialLearningRate { get; set; }
        }
    }
}
