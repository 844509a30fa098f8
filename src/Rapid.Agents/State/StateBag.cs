using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Rapid.Core;
using Rapid.Protocol.V1;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rapid.Agents.State;

/// <summary>
/// What a checkpoint holds, by name. Every part of a learner has one method that visits its state, and the bag either notes that state or
/// puts back what was noted, so that nothing is saved that is not restored.
/// </summary>
/// <remarks>What restores throws <see cref="InvalidDataException"/> where the checkpoint lacks a name or holds something else there.</remarks>
public sealed class StateBag
{
    private readonly Dictionary<string, TensorData> _tensors;
    private readonly JsonObject _values;
    private readonly bool _restores;

    private StateBag(Dictionary<string, TensorData> tensors, JsonObject values, bool restores) =>
        (_tensors, _values, _restores) = (tensors, values, restores);

    /// <summary>A bag that notes what it visits.</summary>
    public StateBag()
        : this([], [], restores: false)
    {
    }

    /// <summary>A bag that puts back what a checkpoint holds.</summary>
    /// <param name="tensors">By name.</param>
    /// <param name="values">Everything else, by name.</param>
    public StateBag(IReadOnlyDictionary<string, TensorData> tensors, JsonObject values)
        : this(new Dictionary<string, TensorData>(tensors), values, restores: true)
    {
    }

    /// <summary>Tensors by name.</summary>
    public Dictionary<string, TensorData> Tensors => _tensors;

    /// <summary>Everything else, by name.</summary>
    public JsonObject Values => _values;

    /// <summary>A bag that puts back what this one has noted.</summary>
    public StateBag ToRestore() => new(_tensors, _values, restores: true);

    /// <summary>The bag of a part, whose values have a room of their own.</summary>
    /// <param name="name">Of the part.</param>
    public StateBag Part(string name)
    {
        if (!_restores)
        {
            _values[name] = new JsonObject();
        }

        return new StateBag(_tensors, Value(name).AsObject(), _restores);
    }

    /// <summary>A float32 tensor on any device.</summary>
    public void Visit(string name, Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!_restores)
        {
            var noted = new float[tensor.numel()];
            TensorMemory.CopyTo(tensor, noted);
            _tensors[name] = TensorData.FromFloats(noted, tensor.shape);
            return;
        }

        var values = Data(name).Floats();
        if (values.Length != tensor.numel())
        {
            throw new InvalidDataException($"{name} has {values.Length} elements in the checkpoint and {tensor.numel()} in the network");
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var onHost = TorchSharp.torch.tensor(values.ToArray());
        tensor.copy_(onHost.view(tensor.shape));
    }

    /// <summary>A random stream of libtorch.</summary>
    public void Visit(string name, Generator random)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (_restores)
        {
            using var state = TorchSharp.torch.tensor(Data(name).Bytes.ToArray());
            random.set_state(state);
        }
        else
        {
            using var state = random.get_state();
            _tensors[name] = new TensorData("U8", state.shape, state.bytes.ToArray());
        }
    }

    /// <summary>A permutation of 0, 1, ..., order.Length - 1.</summary>
    public void VisitPermutation(string name, Span<int> order)
    {
        if (!_restores)
        {
            _tensors[name] = new TensorData("I32", [order.Length], MemoryMarshal.AsBytes(order).ToArray());
            return;
        }

        var saved = MemoryMarshal.Cast<byte, int>(Data(name).Bytes.Span);
        if (!saved.ToArray().Order().SequenceEqual(Enumerable.Range(0, order.Length)))
        {
            throw new InvalidDataException($"{name} is no permutation of {order.Length} rows");
        }

        saved.CopyTo(order);
    }

    /// <summary>A counter.</summary>
    /// <returns>What it is from now on.</returns>
    public long Visit(string name, long count)
    {
        Visit(name, () => count, saved => count = (long)saved);
        return count;
    }

    /// <summary>A random stream.</summary>
    public void Visit(string name, RandomStream random) =>
        Visit(name, () => StateJson.From(random), saved => StateJson.To(saved, random));

    /// <summary>Running statistics.</summary>
    public void Visit(string name, RunningMeanVariance statistics) =>
        Visit(name, () => StateJson.From(statistics), saved => StateJson.To(saved, statistics));

    /// <summary>The network, which has to be the same in a run and in the checkpoint that it goes on from.</summary>
    public void Visit(string name, PolicyGraph graph) => Visit(
        name,
        () => JsonNode.Parse(JsonFormatter.Default.Format(graph))!,
        saved =>
        {
            if (!JsonParser.Default.Parse<PolicyGraph>(saved.ToJsonString()).Equals(graph))
            {
                throw new InvalidDataException("the checkpoint holds the weights of another network");
            }
        });

    private void Visit(string name, Func<JsonNode> note, Action<JsonNode> restore)
    {
        if (_restores)
        {
            restore(Value(name));
        }
        else
        {
            _values[name] = note();
        }
    }

    private TensorData Data(string name) =>
        _tensors.GetValueOrDefault(name) ?? throw new InvalidDataException($"the checkpoint holds no tensor {name}");

    private JsonNode Value(string name) => _values[name] ?? throw new InvalidDataException($"the checkpoint does not say {name}");
}
