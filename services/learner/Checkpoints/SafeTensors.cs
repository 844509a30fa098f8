using Rapid.Agents.State;
using Rapid.Protocol.Files;

namespace Rapid.Learner.Checkpoints;

/// <summary>Tensors of a checkpoint as a safetensors file.</summary>
public static class SafeTensors
{
    /// <summary>Writes tensors in the order of their names.</summary>
    public static void Write(Stream stream, IReadOnlyDictionary<string, TensorData> tensors)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        var ordered = tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => new FileTensor(pair.Key, SafeTensorHeader.TypeOf(pair.Value.Type), pair.Value.Shape, [pair.Value.Bytes]))
            .ToArray();
        stream.Write(SafeTensorHeader.Format(ordered));
        foreach (var tensor in ordered)
        {
            stream.Write(tensor.Pieces[0].Span);
        }
    }

    /// <summary>Reads every tensor, in place.</summary>
    /// <exception cref="InvalidDataException">The file is not whole or not of this format.</exception>
    public static IReadOnlyDictionary<string, TensorData> Read(ReadOnlyMemory<byte> file) =>
        SafeTensorHeader.Read(file.Span).Tensors.ToDictionary(
            tensor => tensor.Name,
            tensor => new TensorData(
                SafeTensorHeader.NameOf(tensor.Type), tensor.Shape, file.Slice((int)tensor.Offset, (int)tensor.Length)));
}
