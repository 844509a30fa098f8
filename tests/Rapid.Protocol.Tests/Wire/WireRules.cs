using Google.Protobuf.Reflection;
using Field = Google.Protobuf.Reflection.FieldDescriptorProto;

namespace Rapid.Protocol.Tests.Wire;

/// <summary>
/// What must stay as it was released, so that programs of one minor version understand each other: everything that was there is still
/// there, under its number and name and with its type. New things may come, under numbers and names that were never used.
/// </summary>
internal static class WireRules
{
    /// <summary>What is not as it was released, each with its path.</summary>
    public static IReadOnlyList<string> Problems(FileDescriptorSet released, FileDescriptorSet now)
    {
        var problems = new List<string>();
        var (before, after) = (new Catalogue(released), new Catalogue(now));
        foreach (var (name, message) in before.Messages)
        {
            problems.AddRange(after.Messages.TryGetValue(name, out var same) ? InMessage(name, message, same) : [$"{name}: was removed"]);
        }

        foreach (var (name, values) in before.Enums)
        {
            problems.AddRange(after.Enums.TryGetValue(name, out var same) ? InEnum(name, values, same) : [$"{name}: was removed"]);
        }

        foreach (var (name, method) in before.Methods)
        {
            problems.AddRange(after.Methods.TryGetValue(name, out var same) ? InMethod(name, method, same) : [$"{name}: was removed"]);
        }

        return problems;
    }

    private static IEnumerable<string> InMessage(string name, DescriptorProto released, DescriptorProto now)
    {
        foreach (var field in released.Field)
        {
            var path = $"{name}.{field.Name}";
            if (now.Field.FirstOrDefault(candidate => candidate.Number == field.Number) is not { } same)
            {
                yield return now.Field.FirstOrDefault(candidate => candidate.Name == field.Name) is { } moved
                    ? $"{path}: its number was {field.Number} and is {moved.Number}"
                    : $"{path}: was removed";
            }
            else if (same.Name != field.Name)
            {
                yield return $"{path}: number {field.Number} is called {same.Name} now";
            }
            else if (ShapeOf(same, now) is var shape && shape != ShapeOf(field, released))
            {
                yield return $"{path}: was {ShapeOf(field, released)} and is {shape}";
            }
        }

        foreach (var field in now.Field)
        {
            if (released.ReservedRange.Any(range => field.Number >= range.Start && field.Number < range.End)
                || released.ReservedName.Contains(field.Name))
            {
                yield return $"{name}.{field.Name}: its number {field.Number} or its name was reserved";
            }
        }
    }

    private static IEnumerable<string> InEnum(string name, EnumDescriptorProto released, EnumDescriptorProto now) =>
        from value in released.Value
        let same = now.Value.FirstOrDefault(candidate => candidate.Number == value.Number && candidate.Name == value.Name)
        where same is null
        select $"{name}.{value.Name}: the value {value.Number} was removed or is another";

    private static IEnumerable<string> InMethod(string name, MethodDescriptorProto released, MethodDescriptorProto now) =>
        TextOf(released) == TextOf(now) ? [] : [$"{name}: was {TextOf(released)} and is {TextOf(now)}"];

    private static string TextOf(MethodDescriptorProto method) =>
        $"{(method.ClientStreaming ? "stream " : "")}{method.InputType} -> {(method.ServerStreaming ? "stream " : "")}{method.OutputType}";

    /// <summary>What its bytes and its presence depend on.</summary>
    private static string ShapeOf(Field field, DescriptorProto message)
    {
        var presence = field.Proto3Optional ? "optional "
            : field.HasOneofIndex ? $"one of {message.OneofDecl[field.OneofIndex].Name}, "
            : "";
        var label = field.Label == Field.Types.Label.Repeated ? "repeated " : "";
        return $"{presence}{label}{field.Type}{(field.HasTypeName ? $" {field.TypeName}" : "")}";
    }

    /// <summary>Everything of a set, by its full name.</summary>
    private sealed class Catalogue
    {
        public Catalogue(FileDescriptorSet set)
        {
            foreach (var file in set.File)
            {
                AddTypes(file.Package, file.MessageType, file.EnumType);
                foreach (var service in file.Service)
                {
                    foreach (var method in service.Method)
                    {
                        Methods.Add($"{file.Package}.{service.Name}/{method.Name}", method);
                    }
                }
            }
        }

        public Dictionary<string, DescriptorProto> Messages { get; } = [];

        public Dictionary<string, EnumDescriptorProto> Enums { get; } = [];

        public Dictionary<string, MethodDescriptorProto> Methods { get; } = [];

        private void AddTypes(string scope, IEnumerable<DescriptorProto> messages, IEnumerable<EnumDescriptorProto> enums)
        {
            foreach (var type in enums)
            {
                Enums.Add($"{scope}.{type.Name}", type);
            }

            foreach (var message in messages)
            {
                Messages.Add($"{scope}.{message.Name}", message);
                AddTypes($"{scope}.{message.Name}", message.NestedType, message.EnumType);
            }
        }
    }
}
