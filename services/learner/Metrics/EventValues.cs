using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Rapid.Learner.Metrics.HParams;
using Rapid.Protocol.Specs;
using Rapid.Specs;
using Tensorboard;
using static TorchSharp.torch;
using Field = Google.Protobuf.WellKnownTypes.Value;
using Value = Tensorboard.Summary.Types.Value;

namespace Rapid.Learner.Metrics;

/// <summary>What event files say, as the messages of TensorBoard's plug-ins.</summary>
internal static class EventValues
{
    private const int Bins = 64;

    // A histogram has a width even where all values are equal, which no value's own width would give.
    private const double LeastWidth = 1e-6;

    public static Value Scalar(string tag, double value) => new() { Tag = tag, SimpleValue = (float)value };

    public static Value Text(string tag, string markdown) => utils.tensorboard.Summary.text(tag, markdown).Value[0];

    /// <summary>How finite values are spread; null where there are none.</summary>
    public static Value? Histogram(string tag, ReadOnlySpan<float> values)
    {
        var finite = Array.FindAll(values.ToArray(), float.IsFinite);
        if (finite.Length == 0)
        {
            return null;
        }

        double low = finite.Min(), high = finite.Max();
        var margin = high > low ? 0 : Math.Max(Math.Abs(low), 1) * LeastWidth;
        using var scope = NewDisposeScope();
        var edges = linspace(low - margin, high + margin, Bins + 1, ScalarType.Float64);
        return utils.tensorboard.Summary.histogram(tag, tensor(finite, ScalarType.Float64), edges).Value[0];
    }

    /// <summary>
    /// Every field of a spec for the HPARAMS tab, with dots between the names. No list of fields and metrics goes with it: TensorBoard
    /// takes such a list from one run for all, and runs of other algorithms have other fields. Without it, it asks every run.
    /// </summary>
    public static Value HyperParameters(DateTimeOffset now, ExperimentOptions spec)
    {
        var info = new SessionStartInfo { StartTimeSecs = now.ToUnixTimeMilliseconds() / 1000.0 };
        Flatten(Struct.Parser.ParseJson(SpecWriter.ToJson(spec).ToJsonString()), "", info.Hparams);
        return OfPlugin("_hparams_/session_start_info", new HParamsPluginData { SessionStartInfo = info });
    }

    /// <summary>Says in the HPARAMS tab that the run has ended well.</summary>
    public static Value Success(DateTimeOffset now) => OfPlugin("_hparams_/session_end_info", new HParamsPluginData
    {
        SessionEndInfo = new SessionEndInfo { Status = HParams.Status.Success, EndTimeSecs = now.ToUnixTimeMilliseconds() / 1000.0 },
    });

    private static void Flatten(Struct fields, string prefix, MapField<string, Field> target)
    {
        foreach (var (name, value) in fields.Fields)
        {
            switch (value.KindCase)
            {
                case Field.KindOneofCase.StructValue:
                    Flatten(value.StructValue, $"{prefix}{name}.", target);
                    break;
                case Field.KindOneofCase.ListValue:
                    target[prefix + name] = Field.ForString(value.ListValue.ToString());
                    break;
                case not Field.KindOneofCase.NullValue:
                    target[prefix + name] = value;
                    break;
            }
        }
    }

    /// <summary>The plug-in reads the metadata; the tensor is empty, but there must be one.</summary>
    private static Value OfPlugin(string tag, HParamsPluginData data) => new()
    {
        Tag = tag,
        Metadata = new SummaryMetadata
        {
            PluginData = new SummaryMetadata.Types.PluginData { PluginName = "hparams", Content = data.ToByteString() },
        },
        Tensor = new TensorProto
        {
            Dtype = DataType.DtFloat,
            TensorShape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dim { Size = 0 } } },
        },
    };
}
