using Rapid.Benchmarks;

// What callers with bad manners cost: real services are asked for what nobody has, sent what never ends, and left with answers that nobody
// reads. Each attack prints what it took of time and of the service's resident memory, and has a bound.
List<Attack> attacks =
[
    .. await LongNames.MeasureAsync(),
    .. await UnreadPolicies.MeasureAsync(),
    .. await UnreadExports.MeasureAsync(),
    .. await RefusedBodies.MeasureAsync(),
    .. await Crowd.MeasureAsync(),
];
var broken = attacks.Where(attack => !attack.IsWithstood).Select(attack => attack.Name).ToList();
Console.WriteLine(broken.Count == 0
    ? $"service attacks: all {attacks.Count} within their bounds"
    : $"service attacks: beyond their bounds: {string.Join(", ", broken)}");
return broken.Count == 0 ? 0 : 1;
