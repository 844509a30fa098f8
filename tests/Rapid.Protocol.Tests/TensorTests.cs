using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Rapid.Protocol.V1;

namespace Rapid.Protocol.Tests;

public class TensorTests
{
    [Fact]
    public void Tensors_of_every_type_and_shape_survive_the_wire_bit_for_bit() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(200),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            int[] shape = [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.Next(random.Next(8) == 0 ? 1 : 6))];
            AssertSurvives<float>(random, shape, DataType.Float32, 4);
            AssertSurvives<double>(random, shape, DataType.Float64, 8);
            AssertSurvives<int>(random, shape, DataType.Int32, 4);
            AssertSurvives<long>(random, shape, DataType.Int64, 8);
            AssertSurvives<byte>(random, shape, DataType.Uint8, 1);
        }));

    [Fact]
    public void Values_are_little_endian_on_the_wire()
    {
        Assert.Equal([0x00, 0x00, 0x80, 0x3f], TensorCodec.ToTensor<float>([1f], 1).Data.ToByteArray());
        Assert.Equal([2, 1, 0, 0, 0, 0, 0, 0], TensorCodec.ToTensor<long>([258L], 1).Data.ToByteArray());
    }

    [Fact]
    public void Every_type_of_the_wire_has_a_size_and_others_have_none()
    {
        Assert.All(Enum.GetValues<DataType>(), type => Assert.Equal(type == DataType.Unspecified, TensorCodec.SizeOf(type) == 0));
        Assert.Equal(0, TensorCodec.SizeOf((DataType)77));
        Assert.Contains("Char", Assert.Throws<NotSupportedException>(() => TensorCodec.TypeOf<char>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_copies_nothing()
    {
        var tensor = TensorCodec.ToTensor<float>(new float[1000], 10, 100);

        Assert.True(MemoryMarshal.AsBytes(TensorCodec.Read<float>(tensor, "x", 10, 100)).Overlaps(tensor.Data.Span, out var offset));
        Assert.Equal(0, offset);
    }

    [Fact]
    public void Data_that_starts_at_an_odd_address_reads_correctly()
    {
        double[] values = [1.5, double.NaN, -0.0, double.Epsilon];
        var bytes = new byte[1 + (8 * values.Length)];
        MemoryMarshal.AsBytes<double>(values).CopyTo(bytes.AsSpan(1));
        var tensor = new Tensor { Type = DataType.Float64, Shape = { 4 }, Data = UnsafeByteOperations.UnsafeWrap(bytes.AsMemory(1)) };

        Assert.Equal(values, TensorCodec.Read<double>(tensor, "x", 4).ToArray());
    }

    public static TheoryData<int[], int> WrongShapes() => new()
    {
        { [2], 3 },
        { [], 0 },
        { [2, 2], 3 },
        { [-1], 1 },
        { [-1, -3], 3 },
        { [65536, 65536, 65536, 65536], 0 },
        { [int.MaxValue, int.MaxValue], 1 },
        { [.. Enumerable.Repeat(1, 17)], 1 },
    };

    [Theory, MemberData(nameof(WrongShapes))]
    public void A_shape_that_the_elements_do_not_fill_is_refused_when_writing(int[] shape, int elements) =>
        Assert.Equal("shape", Assert.Throws<ArgumentException>(() => TensorCodec.ToTensor<byte>(new byte[elements], shape)).ParamName);

    public static TheoryData<DataType, long[], int, string> Malformed() => new()
    {
        { DataType.Unspecified, [1], 4, "unknown type 0" },
        { (DataType)42, [1], 4, "unknown type 42" },
        { DataType.Float32, [3], 11, "11 bytes where its shape [3] needs 12" },
        { DataType.Float32, [3], 13, "13 bytes where its shape [3] needs 12" },
        { DataType.Float64, [], 4, "4 bytes where its shape [] needs 8" },
        { DataType.Uint8, [0], 1, "1 bytes where its shape [0] needs 0" },
        { DataType.Int32, [-1], 0, "impossible shape [-1]" },
        { DataType.Int32, [-1, -1], 4, "impossible shape [-1, -1]" },
        { DataType.Int32, [0, -1], 0, "impossible shape [0, -1]" },
        { DataType.Int64, [long.MaxValue], 0, "impossible shape" },
        { DataType.Int64, [long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue], 0, "impossible shape" },
        { DataType.Int64, [long.MinValue], 0, "impossible shape" },
        { DataType.Uint8, [1L << 32, 1L << 32], 0, "impossible shape" },
        { DataType.Float32, [1L << 29, 1], 0, "impossible shape" },
        { DataType.Uint8, [.. Enumerable.Repeat(1L, 1_000_000)], 1, "1000000 dimensions where at most 16" },
    };

    [Theory, MemberData(nameof(Malformed))]
    public void A_malformed_tensor_is_refused_with_the_reason(DataType type, long[] shape, int bytes, string reason)
    {
        var tensor = new Tensor { Type = type, Shape = { shape }, Data = ByteString.CopyFrom(new byte[bytes]) };

        var problem = TensorCodec.Problem(tensor);

        Assert.Contains(reason, problem, StringComparison.Ordinal);
        Assert.InRange(problem!.Length, 1, 500);
        var error = Assert.Throws<InvalidDataException>(() => TensorCodec.Read<float>(tensor, "rewards", 1));
        Assert.Equal($"column 'rewards' {problem}", error.Message);
    }

    [Fact]
    public void No_shape_makes_the_check_fail_or_accept_the_wrong_number_of_bytes() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(500),
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            long[] sizes = [-1, 0, 1, 2, 3, 7, int.MaxValue, 1L << 31, 1L << 62, long.MaxValue, long.MinValue];
            long[] shape = [.. Enumerable.Range(0, random.Next(6)).Select(_ => sizes[random.Next(sizes.Length)])];
            var type = (DataType)random.Next(-1, 8);
            var tensor = new Tensor { Type = type, Shape = { shape }, Data = ByteString.CopyFrom(new byte[random.Next(64)]) };
            var needed = shape.Aggregate((System.Numerics.BigInteger)TensorCodec.SizeOf(type), (product, size) => product * size);
            var isFine = TensorCodec.SizeOf(type) > 0 && shape.All(size => size >= 0) && needed == tensor.Data.Length;

            // A huge size beside a 0 may be refused too: no column has such a shape.
            return (TensorCodec.Problem(tensor) is null) == isFine || (isFine && needed == 0 && shape.Any(size => size >= int.MaxValue));
        }));

    [Fact]
    public void A_column_is_found_by_name_and_must_have_the_expected_type_and_shape()
    {
        var block = new Trajectory();
        block.Add<float>("rewards", [1, 2, 3, 4, 5, 6], 2, 3);
        block.Add<long>("actions", [1, 2], 2);
        block.Add<byte>("terminated", [0, 1], 2, 1);
        block.Add<double>("moments", [0.5, -0.5], 1, 2);
        block.Columns.Add(new Column { Name = "hollow" });

        Assert.Equal([1f, 2, 3, 4, 5, 6], block.Floats("rewards", 2, 3).ToArray());
        Assert.Equal([1L, 2], block.Longs("actions", 2).ToArray());
        Assert.Equal([0, 1], block.Bytes("terminated", 2, 1).ToArray());
        Assert.Equal([0.5, -0.5], block.Doubles("moments", 1, 2).ToArray());
        AssertRefused(() => block.Floats("rewards", 3, 2), "'rewards' is Float32 [2, 3] where Float32 [3, 2] is expected");
        AssertRefused(() => block.Floats("rewards", 6), "[2, 3] where Float32 [6] is expected");
        AssertRefused(() => block.Doubles("rewards", 2, 3), "Float32 [2, 3] where Float64 [2, 3] is expected");
        AssertRefused(() => block.Floats("values", 2, 3), "no column 'values'; it has rewards, actions, terminated, moments, hollow");
        AssertRefused(() => block.Floats("hollow", 1), "'hollow' has no tensor");
    }

    private static void AssertRefused(Action read, string part) =>
        Assert.Contains(part, Assert.Throws<InvalidDataException>(read).Message, StringComparison.Ordinal);

    private static void AssertSurvives<T>(Random random, int[] shape, DataType type, int size)
        where T : unmanaged
    {
        var values = new T[shape.Aggregate(1, (product, length) => product * length)];
        random.NextBytes(MemoryMarshal.AsBytes(values.AsSpan()));
        var block = new Trajectory();
        block.Add<T>("column", values, shape);

        var read = Trajectory.Parser.ParseFrom(block.ToByteArray());

        var tensor = read.Columns[0].Tensor;
        Assert.Equal((type, size * values.Length, size), (tensor.Type, tensor.Data.Length, TensorCodec.SizeOf(type)));
        Assert.Equal(shape.Select(length => (long)length), tensor.Shape);
        Assert.Null(TensorCodec.Problem(tensor));
        // Bytes, because NaN differs from itself.
        var bytes = MemoryMarshal.AsBytes(TensorCodec.Read<T>(tensor, "column", shape));
        Assert.Equal(MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), bytes.ToArray());
    }
}
