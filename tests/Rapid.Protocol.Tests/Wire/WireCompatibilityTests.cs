using Google.Protobuf.Collections;
using Google.Protobuf.Reflection;
using Rapid.Protocol.V1;
using Type = Google.Protobuf.Reflection.FieldDescriptorProto.Types.Type;

namespace Rapid.Protocol.Tests.Wire;

/// <summary>The wire is that of the last release and what has come since; tests/golden/release says how it is written.</summary>
public sealed class WireCompatibilityTests
{
    private static readonly string Release =
        Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "golden", "release"), "*.binpb").Single();

    private static FileDescriptorSet Released => FileDescriptorSet.Parser.ParseFrom(File.ReadAllBytes(Release));

    private static FileDescriptorSet Now
    {
        get
        {
            var set = new FileDescriptorSet();
            set.File.AddRange(
                new[]
                {
                    TensorReflection.Descriptor, TrajectoryReflection.Descriptor, ReplayReflection.Descriptor, PolicyReflection.Descriptor,
                    ExperimentReflection.Descriptor, EvaluationReflection.Descriptor,
                }.Select(file => file.ToProto()));
            return set;
        }
    }

    [Fact]
    public void Nothing_that_was_released_is_gone_or_different() => Assert.Empty(WireRules.Problems(Released, Now));

    [Fact]
    public void The_release_has_what_the_wire_had()
    {
        Assert.Equal(6, Released.File.Count);
        Assert.Contains(Message(Released, "Trajectory").Field, field => field.Name == "policy_version");
        Assert.Contains(Released.File.SelectMany(file => file.Service), service => service.Name == "Assignments");
    }

    public static TheoryData<string, Action<FileDescriptorSet>> Broken() => new()
    {
        { "rapid.v1.Assignment.slots: was removed", set => Remove(Message(set, "Assignment").Field, field => field.Name == "slots") },
        { "rapid.v1.Assignment.slots: its number was 3 and is 33", set => Field(set, "Assignment", "slots").Number = 33 },
        { "rapid.v1.Assignment.slots: number 3 is called places now", set => Field(set, "Assignment", "slots").Name = "places" },
        {
            "rapid.v1.Assignment.slots: was repeated Uint32 and is repeated Uint64",
            set => Field(set, "Assignment", "slots").Type = Type.Uint64
        },
        {
            "rapid.v1.Assignment.slots: was repeated Uint32 and is Uint32",
            set => Field(set, "Assignment", "slots").Label = FieldDescriptorProto.Types.Label.Optional
        },
        {
            "rapid.v1.Assignment.spec: was Message .rapid.v1.ExperimentSpec and is Message .rapid.v1.ActorsSpec",
            set => Field(set, "Assignment", "spec").TypeName = ".rapid.v1.ActorsSpec"
        },
        {
            "rapid.v1.SampleReply.item: was one of reply, Message .rapid.v1.SampledItem and is Message .rapid.v1.SampledItem",
            set => Field(set, "SampleReply", "item").ClearOneofIndex()
        },
        {
            "rapid.v1.ListRequest: was removed",
            set => Remove(Source(set, "experiment").MessageType, message => message.Name == "ListRequest")
        },
        {
            "rapid.v1.ExperimentState.EXPERIMENT_STATE_FAILED: the value 5 was removed or is another",
            set => Remove(Enumeration(set, "ExperimentState").Value, value => value.Number == 5)
        },
        {
            "rapid.v1.ExperimentState.EXPERIMENT_STATE_FAILED: the value 5 was removed or is another",
            set => Enumeration(set, "ExperimentState").Value.Single(value => value.Number == 5).Number = 6
        },
        { "rapid.v1.WorkerRole: was removed", set => Remove(Source(set, "experiment").EnumType, type => type.Name == "WorkerRole") },
        {
            "rapid.v1.Replay/Stats: was removed",
            set => Remove(Source(set, "replay").Service.Single().Method, method => method.Name == "Stats")
        },
        {
            "rapid.v1.Replay/Stats: was .rapid.v1.StatsRequest -> .rapid.v1.StatsReply and is .rapid.v1.StatsRequest -> stream "
                + ".rapid.v1.StatsReply",
            set => Method(set, "Stats").ServerStreaming = true
        },
        {
            "rapid.v1.Replay/Append: was stream .rapid.v1.AppendRequest -> stream .rapid.v1.AppendReply and is .rapid.v1.AppendRequest -> "
                + "stream .rapid.v1.AppendReply",
            set => Method(set, "Append").ClientStreaming = false
        },
        {
            "rapid.v1.Replay/Stats: was .rapid.v1.StatsRequest -> .rapid.v1.StatsReply and is .rapid.v1.ListRequest -> "
                + ".rapid.v1.StatsReply",
            set => Method(set, "Stats").InputType = ".rapid.v1.ListRequest"
        },
    };

    [Theory, MemberData(nameof(Broken))]
    public void What_breaks_older_programs_is_found_and_named(string problem, Action<FileDescriptorSet> breakIt)
    {
        var broken = Now;
        breakIt(broken);

        Assert.Contains(problem, WireRules.Problems(Released, broken));
        Assert.Single(WireRules.Problems(Released, broken));
    }

    [Fact]
    public void What_was_reserved_stays_unused_and_anything_else_may_come()
    {
        var (released, now) = (Released, Now);
        var reserved = Message(released, "Assignment");
        reserved.ReservedRange.Add(new DescriptorProto.Types.ReservedRange { Start = 90, End = 92 });
        reserved.ReservedName.Add("once");
        Add(91, "again");
        Add(93, "once");
        Add(92, "fresh");

        Assert.Equal(
            [
                "rapid.v1.Assignment.again: its number 91 or its name was reserved",
                "rapid.v1.Assignment.once: its number 93 or its name was reserved",
            ],
            WireRules.Problems(released, now));

        void Add(int number, string name) => Message(now, "Assignment").Field.Add(
            new FieldDescriptorProto { Name = name, Number = number, Type = Type.String });
    }

    private static FileDescriptorProto Source(FileDescriptorSet set, string name) =>
        set.File.Single(file => file.Name == $"rapid/v1/{name}.proto");

    private static DescriptorProto Message(FileDescriptorSet set, string name) =>
        set.File.SelectMany(file => file.MessageType).Single(message => message.Name == name);

    private static FieldDescriptorProto Field(FileDescriptorSet set, string message, string name) =>
        Message(set, message).Field.Single(field => field.Name == name);

    private static EnumDescriptorProto Enumeration(FileDescriptorSet set, string name) =>
        set.File.SelectMany(file => file.EnumType).Single(type => type.Name == name);

    private static MethodDescriptorProto Method(FileDescriptorSet set, string name) =>
        Source(set, "replay").Service.Single().Method.Single(method => method.Name == name);

    private static void Remove<T>(RepeatedField<T> list, Func<T, bool> which) => list.Remove(list.Single(which));
}
