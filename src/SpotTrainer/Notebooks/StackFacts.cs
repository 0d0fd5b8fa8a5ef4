namespace SpotTrainer.Notebooks;

/// <summary>What the Python stack of a host has.</summary>
/// <param name="Missing">The modules that it was asked for and does not have.</param>
/// <param name="Kernels">The names of its kernels.</param>
internal sealed record StackFacts(IReadOnlyCollection<string> Missing, IReadOnlyCollection<string> Kernels);
