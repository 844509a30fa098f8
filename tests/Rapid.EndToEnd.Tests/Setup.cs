// Every test starts processes that want the whole machine: one after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
