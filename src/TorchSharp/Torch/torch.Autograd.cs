using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Differentiation.</summary>
    public static partial class autograd
    {
        /// <summary>Gradients of the outputs' sum with respect to the inputs, without touching <see cref="Tensor.grad"/>.</summary>
        /// <param name="outputs">What to differentiate.</param>
        /// <param name="inputs">With respect to what.</param>
        /// <param name="grad_outputs">The weights of the outputs' elements; may be null if each has one element.</param>
        /// <param name="retain_graph">Keep the graph for another pass.</param>
        /// <param name="create_graph">Make the gradients differentiable.</param>
        /// <param name="allow_unused">Accept inputs that no output depends on.</param>
        public static IList<Tensor> grad(
            IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false,
            bool create_graph = false, bool allow_unused = false)
        {
            var results = new nint[inputs.Count];
            var status = Native.rt_autograd_grad(
                Handles(outputs), outputs.Count, Handles(inputs), inputs.Count, Handles(grad_outputs), grad_outputs?.Count ?? 0,
                retain_graph, create_graph, allow_unused, results);
            GC.KeepAlive(outputs);
            GC.KeepAlive(inputs);
            GC.KeepAlive(grad_outputs);
            Native.Check(status);
            return Array.ConvertAll(results, handle => handle == 0 ? null! : new Tensor(handle));
        }

        /// <summary>Differentiates tensors; gradients add up in <see cref="Tensor.grad"/> of the leaves, or of the inputs only.</summary>
        /// <param name="tensors">What to differentiate.</param>
        /// <param name="grad_tensors">The weights of the elements; may be null if each tensor has one element.</param>
        /// <param name="retain_graph">Keep the graph for another pass; null means as create_graph.</param>
        /// <param name="create_graph">Make the gradients differentiable.</param>
        /// <param name="inputs">The leaves that receive gradients; all if null.</param>
        public static void backward(
            IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false,
            IList<Tensor>? inputs = null)
        {
            var status = Native.rt_backward(
                Handles(tensors), tensors.Count, Handles(grad_tensors), grad_tensors?.Count ?? 0, retain_graph ?? create_graph,
                create_graph, Handles(inputs), inputs?.Count ?? 0);
            GC.KeepAlive(tensors);
            GC.KeepAlive(grad_tensors);
            GC.KeepAlive(inputs);
            Native.Check(status);
        }

        /// <inheritdoc cref="backward(IList{Tensor}, IList{Tensor}, bool?, bool, IList{Tensor})"/>
        public static void backward(
            Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false,
            IList<Tensor>? inputs = null) => backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        /// <inheritdoc cref="backward(IList{Tensor}, IList{Tensor}, bool?, bool, IList{Tensor})"/>
        public static void backward(
            Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);
    }

    internal static nint[] Handles(IEnumerable<Tensor>? tensors) => tensors is null ? [] : [.. tensors.Select(tensor => tensor.Handle)];
}
