using System.Reflection;
using System.Text.Json.Nodes;
using Rapid.Agents;
using Rapid.Protocol.Specs;

namespace Rapid.Specs;

/// <summary>
/// The options records as JSON Schema (draft 2020-12), for editors and for programs in other languages. It says which fields there are, of
/// which kind and within which limits; rules between fields only <see cref="SpecReader"/> checks. Defaults are left out: most of them depend on
/// the environment.
/// </summary>
public static class SpecSchema
{
    private const string Draft = "https://json-schema.org/draft/2020-12/schema";

    /// <summary>Of a whole spec.</summary>
    public static JsonObject OfSpec()
    {
        var schema = Start("A spec of Rapid.");
        AddRecord(schema, typeof(ExperimentOptions), property => property.PropertyType == typeof(AlgorithmOptions)
            ? new JsonObject { ["oneOf"] = new JsonArray([.. AgentRegistry.All.Select(agent => (JsonNode)OfOptions(agent, []))]) }
            : null);
        schema["required"] = new JsonArray("environment");
        return schema;
    }

    /// <summary>Of the group <c>algorithm</c> of one algorithm.</summary>
    /// <exception cref="ArgumentException">There is no such algorithm.</exception>
    public static JsonObject OfAlgorithm(string algorithm) => OfOptions(
        AgentRegistry.Find(algorithm) ?? throw new ArgumentException($"there is no algorithm '{algorithm}'", nameof(algorithm)),
        Start($"The group 'algorithm' of a spec with {algorithm}."));

    private static JsonObject Start(string title) => new() { ["$schema"] = Draft, ["title"] = title };

    private static JsonObject OfOptions(Agent agent, JsonObject schema)
    {
        AddRecord(schema, agent.OptionsType, property => property.Name switch
        {
            nameof(AlgorithmOptions.Name) => new JsonObject { ["const"] = agent.Name },
            nameof(AlgorithmOptions.Preset) => new JsonObject { ["enum"] = new JsonArray([.. agent.Presets.Select(name => (JsonNode)name)]) },
            _ => null,
        });
        if (agent.Name != Presets.DefaultAlgorithm)
        {
            schema["required"] = new JsonArray("name");
        }

        return schema;
    }

    private static void AddRecord(JsonObject schema, Type record, Func<PropertyInfo, JsonObject?> special)
    {
        var properties = new JsonObject();
        foreach (var (name, property) in SpecBinder.FieldsOf(record))
        {
            var field = special(property) ?? OfField(property);
            if (SpecWriter.Summary(property) is { Length: > 0 } summary)
            {
                field["description"] = summary;
            }

            properties[name] = field;
        }

        schema["type"] = "object";
        schema["properties"] = properties;
        schema["additionalProperties"] = false;
    }

    private static JsonObject OfField(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var schema = new JsonObject();
        if (type == typeof(IReadOnlyDictionary<string, string>))
        {
            schema["type"] = "object";
        }
        else if (type == typeof(IReadOnlyList<int>))
        {
            (schema["type"], schema["minItems"], schema["items"]) = ("array", 1, OfNumber("integer", property));
        }
        else if (type.IsEnum)
        {
            schema["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => (JsonNode)SpecText.SnakeCase(name))]);
        }
        else if (type == typeof(string) || type == typeof(bool))
        {
            schema["type"] = type == typeof(bool) ? "boolean" : "string";
        }
        else if (SpecBinder.IsRecord(type))
        {
            AddRecord(schema, type, _ => null);
        }
        else
        {
            schema = OfNumber(type == typeof(double) ? "number" : "integer", property);
        }

        return type == property.PropertyType ? schema
            : new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
    }

    private static JsonObject OfNumber(string kind, PropertyInfo property)
    {
        var schema = new JsonObject { ["type"] = kind };
        if (property.PropertyType == typeof(ulong))
        {
            schema["minimum"] = 0;
        }

        switch (property.GetCustomAttribute<LimitAttribute>())
        {
            case AtLeastAttribute limit:
                schema["minimum"] = limit.Minimum;
                break;
            case AboveAttribute limit:
                schema["exclusiveMinimum"] = limit.Bound;
                break;
            case BetweenAttribute limit:
                (schema[limit.MinimumIsExclusive ? "exclusiveMinimum" : "minimum"], schema["maximum"]) = (limit.Minimum, limit.Maximum);
                break;
            case EachBetweenAttribute limit:
                (schema["minimum"], schema["maximum"]) = (limit.Minimum, limit.Maximum);
                break;
        }

        return schema;
    }
}
