namespace SpotTrainer.Loader;

/// <summary>Placeholder replaced below.</summary>
public static class LoadContext { }
