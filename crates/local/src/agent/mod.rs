//! What stands in a region and runs its processes.
