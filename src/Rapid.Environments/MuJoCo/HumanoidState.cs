namespace Rapid.Environments.MuJoCo;

/// <summary>What of a humanoid is observed besides positions and velocities.</summary>
/// <param name="Inertias">"cinert".</param>
/// <param name="Velocities">"cvel".</param>
/// <param name="ActuatorForces">"qfrc_actuator".</param>
/// <param name="ContactForces">"cfrc_ext".</param>
internal readonly record struct HumanoidParts(bool Inertias, bool Velocities, bool ActuatorForces, bool ContactForces);

/// <summary>What both humanoid tasks read from their simulation.</summary>
internal sealed class HumanoidState
{
    private readonly StateSlices _observed;
    private readonly MuJoCoArray _contactForces, _tendonLengths, _tendonVelocities;

    /// <param name="simulation">Not owned.</param>
    /// <param name="version">Of the task: 4 shows the world's rows and the free joint's actuator forces too, which are zero.</param>
    /// <param name="skippedPositions">First ones that are not observed.</param>
    /// <param name="parts">What else is.</param>
    public HumanoidState(MuJoCoSimulation simulation, int version, int skippedPositions, HumanoidParts parts)
    {
        _contactForces = simulation.State("cfrc_ext");
        (_tendonLengths, _tendonVelocities) = (simulation.State("ten_length"), simulation.State("ten_velocity"));
        var world = version == 4 ? 0 : 1;
        List<StateSlice> slices = [new(simulation.Positions, skippedPositions), new(simulation.Velocities)];
        Add(parts.Inertias, "cinert", 10);
        Add(parts.Velocities, "cvel", 6);
        Add(parts.ActuatorForces, "qfrc_actuator", 6);
        Add(parts.ContactForces, "cfrc_ext", 6);
        _observed = new StateSlices([.. slices]);
        TendonNames =
        [
            .. Enumerable.Range(0, _tendonLengths.Count).Select(i => $"tendon_length_{i}"),
            .. Enumerable.Range(0, _tendonLengths.Count).Select(i => $"tendon_velocity_{i}"),
        ];

        void Add(bool isObserved, string array, int row)
        {
            if (isObserved)
            {
                slices.Add(new(simulation.State(array), world * row));
            }
        }
    }

    /// <summary>Numbers of an observation.</summary>
    public int Size => _observed.Size;

    /// <summary>Names of <see cref="WriteTendons"/>.</summary>
    public string[] TendonNames { get; }

    /// <summary>Squared components of all contact forces, summed.</summary>
    public double SquaredContactForces
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

    /// <summary>Writes the observation, [<see cref="Size"/>].</summary>
    public void Observe(Span<double> observation) => _observed.Write(observation);

    /// <summary>Writes lengths and velocities of the tendons.</summary>
    public void WriteTendons(Span<double> values)
    {
        _tendonLengths.Span.CopyTo(values);
        _tendonVelocities.Span.CopyTo(values[_tendonLengths.Count..]);
    }
}
