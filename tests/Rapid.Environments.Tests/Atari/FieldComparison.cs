using System.Collections;
using System.Reflection;

namespace Rapid.Environments.Tests.Atari;

/// <summary>Compares two objects field by field, whatever is private, and what their fields refer to.</summary>
internal static class FieldComparison
{
    /// <summary>Paths of the fields that differ.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other, of the same type.</param>
    /// <param name="free">Names of fields that may differ.</param>
    public static IReadOnlyList<string> Differences(object left, object right, IReadOnlyCollection<string> free)
    {
        var (differences, seen) = (new List<string>(), new HashSet<object>(ReferenceEqualityComparer.Instance));
        Compare(left, right, "");
        return differences;

        void Compare(object? one, object? other, string path)
        {
            if (one is null || other is null || one.GetType() != other.GetType())
            {
                Note(one is null && other is null, path);
            }
            else if (one is Delegate or Pointer or Type)
            {
                // Code and addresses, which are of each object alone.
            }
            else if (one.GetType().IsPrimitive || one is string or decimal || one.GetType().IsEnum)
            {
                Note(one.Equals(other), $"{path}: {one}, {other}");
            }
            else if (one is IList { Count: var count } items && other is IList others)
            {
                var differs = count != others.Count;
                for (var i = 0; i < count && !differs; i++)
                {
                    var known = differences.Count;
                    Compare(items[i], others[i], $"{path}[{i}]");
                    differs = differences.Count > known;
                }

                Note(count == others.Count, $"{path}: lengths");
            }
            else if (one.GetType().IsValueType || seen.Add(one))
            {
                for (var type = one.GetType(); type is not null; type = type.BaseType)
                {
                    const BindingFlags Own =
                        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
                    foreach (var field in type.GetFields(Own).Where(field => !field.FieldType.IsPointer && !free.Contains(NameOf(field))))
                    {
                        Compare(field.GetValue(one), field.GetValue(other), $"{path}.{NameOf(field)}");
                    }
                }
            }
        }

        void Note(bool isEqual, string path)
        {
            if (!isEqual)
            {
                differences.Add(path);
            }
        }
    }

    /// <summary>Of a property's field the property's name.</summary>
    private static string NameOf(FieldInfo field) => field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>')] : field.Name;
}
