using Rapid.Core;
using Rapid.Environments.MuJoCo.Simulation;

namespace Rapid.Environments.MuJoCo;

/// <summary>What of a humanoid is observed besides positions and velocities.</summary>
/// <param name="Inertias">"cinert".</param>
/// <param name="Velocities">"cvel".</param>
/// <param name="ActuatorForces">"qfrc_actuator".</param>
/// <param name="ContactForces">"cfrc_ext".</param>
internal readonly record struct HumanoidParts(bool Inertias, bool Velocities, bool ActuatorForces, bool ContactForces);

/// <summary>A humanoid: what both of its tasks see, and how they begin.</summary>
internal abstract class HumanoidBody : MuJoCoEnvironment
{
    private readonly double _resetNoiseScale;
    private readonly StateSlices _observed;
    private readonly MuJoCoArray _contactForces, _tendonLengths, _tendonVelocities;

    /// <param name="model">File of the model unless the options name one.</param>
    /// <param name="options">Of the task. Version 4 shows the world's rows and the free joint's actuator forces too, which are
    /// zero.</param>
    /// <param name="resetNoiseScale">Half width of the start state's noise.</param>
    /// <param name="hidesPlace">Whether the place in the plane is left out of the observation.</param>
    /// <param name="parts">What else is observed.</param>
    /// <param name="infoNames">What the task reports, before the tendons.</param>
    private protected HumanoidBody(
        string model, MuJoCoOptions options, double resetNoiseScale, bool hidesPlace, HumanoidParts parts, string[] infoNames)
        : base(model, options, contactForces: true)
    {
        _resetNoiseScale = resetNoiseScale;
        RequireDegrees(positions: 3, velocities: 6);
        _contactForces = Simulation.State("cfrc_ext");
        (_tendonLengths, _tendonVelocities) = (Simulation.State("ten_length"), Simulation.State("ten_velocity"));
        var world = options.Version == 4 ? 0 : 1;
        List<StateSlice> slices = [new(Simulation.Positions, Skip: hidesPlace ? 2 : 0), new(Simulation.Velocities)];
        Add(parts.Inertias, "cinert", 10);
        Add(parts.Velocities, "cvel", 6);
        Add(parts.ActuatorForces, "qfrc_actuator", 6);
        Add(parts.ContactForces, "cfrc_ext", 6);
        _observed = new StateSlices([.. slices]);
        SetLayout(
            _observed.Size,
            [
                .. infoNames,
                .. Enumerable.Range(0, _tendonLengths.Count).Select(i => $"tendon_length_{i}"),
                .. Enumerable.Range(0, _tendonLengths.Count).Select(i => $"tendon_velocity_{i}"),
            ]);

        void Add(bool isObserved, string array, int row)
        {
            if (isObserved)
            {
                slices.Add(new(Simulation.State(array), world * row));
            }
        }
    }

    /// <summary>Squared components of all contact forces, summed.</summary>
    private protected double SquaredContactForces
    {
        get
        {
            var sum = 0.0;
            foreach (var force in _contactForces.Span)
            {
                sum += force * force;
            }

            return sum;
        }
    }

    private protected override void AddResetNoise(RandomStream random, Span<double> positions, Span<double> velocities)
    {
        AddUniform(random, _resetNoiseScale, positions);
        AddUniform(random, _resetNoiseScale, velocities);
    }

    private protected override void Observe(Span<double> observation) => _observed.Write(observation);

    /// <summary>Values of what the task reports, and after them those of the tendons.</summary>
    private protected void ReportWithTendons(params ReadOnlySpan<double> values)
    {
        Report(values);
        var tendons = InfoFrom(values.Length);
        _tendonLengths.Span.CopyTo(tendons);
        _tendonVelocities.Span.CopyTo(tendons[_tendonLengths.Count..]);
    }
}
