using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Rapid.Benchmarks;

/// <summary>Changes messages: first fields to values that a careless or hostile client would send, then bytes.</summary>
internal static class MessageMutator
{
    private static readonly long[] Integers =
        [0, 1, 2, -1, 3, 64, 255, 256, 65535, 65536, 1 << 20, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue];

    private static readonly double[] Numbers =
        [0, 1, -1, 0.5, -0.0, 1e-300, 1e9, 1e38, 1e308, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon];

    private static readonly string[] Texts =
    [
        "", " ", "a", "fuzz/a", "fuzz/b", "fuzz/c", "p", "0", "-1", "1e9", "0,1", "nan", "ppo", "sac", "p3o", "a2c", "rapid", "cleanrl",
        "CartPole-v1", "Pendulum-v1", "../../etc/passwd", "/dev/zero", "\0", "\n", "\u202e", "😀", "{", "&a [*a]", new('x', 300),
        new('y', 20_000),
    ];

    private const int MostMutations = 4, MostBytes = 6;

    /// <summary>Some bytes of a message of a type, made from a valid one or from nothing.</summary>
    public static byte[] Mutate(IMessage seed, Random random)
    {
        var message = Copy(seed);
        if (random.Next(16) == 0)
        {
            message = message.Descriptor.Parser.ParseFrom(ByteString.Empty);
        }

        for (var i = random.Next(MostMutations); i > 0; i--)
        {
            MutateField(message, random, depth: 0);
        }

        var bytes = message.ToByteArray();
        return random.Next(3) == 0 ? MutateBytes(bytes, random) : bytes;
    }

    /// <summary>Flips, inserts, removes, repeats or cuts off bytes.</summary>
    public static byte[] MutateBytes(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var i = random.Next(1, MostBytes); i > 0; i--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 3 when at < bytes.Count:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 4 when at < bytes.Count:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 65), bytes.Count - at)));
                    break;
                case 5 when random.Next(8) == 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    break;
            }
        }

        return [.. bytes];
    }

    private static IMessage Copy(IMessage message) => message.Descriptor.Parser.ParseFrom(message.ToByteString());

    private static void MutateField(IMessage message, Random random, int depth)
    {
        var fields = message.Descriptor.Fields.InDeclarationOrder();
        if (fields.Count == 0)
        {
            return;
        }

        var field = fields[random.Next(fields.Count)];
        if (field.IsMap)
        {
            MutateMap(field, (IDictionary)field.Accessor.GetValue(message), random);
        }
        else if (field.IsRepeated)
        {
            MutateList(field, (IList)field.Accessor.GetValue(message), random, depth);
        }
        else if (random.Next(8) == 0)
        {
            field.Accessor.Clear(message);
        }
        else if (field.FieldType == FieldType.Message && field.Accessor.GetValue(message) is IMessage inner && random.Next(4) != 0)
        {
            MutateField(inner, random, depth + 1);
        }
        else
        {
            field.Accessor.SetValue(message, ValueOf(field, random, depth));
        }
    }

    private static void MutateList(FieldDescriptor field, IList list, Random random, int depth)
    {
        var at = list.Count == 0 ? 0 : random.Next(list.Count);
        switch (random.Next(4))
        {
            case 0 when list.Count > 0:
                list.RemoveAt(at);
                break;
            case 1 when list.Count is > 0 and < 100:
                list.Add(list[at]);
                break;
            case 2 when list.Count > 0 && list[at] is IMessage inner:
                MutateField(inner, random, depth + 1);
                break;
            default:
                list.Add(ValueOf(field, random, depth));
                break;
        }
    }

    private static void MutateMap(FieldDescriptor field, IDictionary map, Random random)
    {
        var (key, value) = (field.MessageType.FindFieldByNumber(1), field.MessageType.FindFieldByNumber(2));
        map[ValueOf(key, random, depth: 1)] = ValueOf(value, random, depth: 1);
    }

    private static object ValueOf(FieldDescriptor field, Random random, int depth)
    {
        var integer = Integers[random.Next(Integers.Length)];
        return field.FieldType switch
        {
            FieldType.Double => Numbers[random.Next(Numbers.Length)],
            FieldType.Float => (float)Numbers[random.Next(Numbers.Length)],
            FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => integer,
            FieldType.UInt64 or FieldType.Fixed64 => (ulong)integer,
            FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => (int)integer,
            FieldType.UInt32 or FieldType.Fixed32 => (uint)integer,
            FieldType.Bool => random.Next(2) == 0,
            FieldType.String => Texts[random.Next(Texts.Length)],
            FieldType.Bytes => RandomBytes(random),
            FieldType.Enum => (int)(random.Next(4) == 0 ? integer : random.Next(6)),
            FieldType.Message => NewMessage(field.MessageType, random, depth),
            _ => throw new NotSupportedException($"{field.FullName}: {field.FieldType}"),
        };
    }

    private static IMessage NewMessage(MessageDescriptor type, Random random, int depth)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        for (var i = depth > 4 ? 0 : random.Next(4); i > 0; i--)
        {
            MutateField(message, random, depth + 1);
        }

        return message;
    }

    private static ByteString RandomBytes(Random random)
    {
        var bytes = new byte[random.Next(65)];
        random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }
}
