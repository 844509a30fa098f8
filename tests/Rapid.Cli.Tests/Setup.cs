using Xunit.Sdk;
using Xunit.v3;

// Every test starts processes that want the whole machine: one after the other.
[assembly: Parallelization(Mode = ParallelMode.None)]
