namespace SpotTrainer.Shell;

/// <summary>How large the terminal is now, or what is assumed where there is none.</summary>
internal static class TerminalSize
{
    private const int FallbackWidth = 120;
    private const int FallbackHeight = 40;

    /// <summary>How many columns there are.</summary>
    public static int Width => Measure(() => Console.WindowWidth, FallbackWidth);

    /// <summary>How many rows there are.</summary>
    public static int Height => Measure(() => Console.WindowHeight, FallbackHeight);

    private static int Measure(Func<int> ask, int fallback)
    {
        try
        {
            return !Console.IsOutputRedirected && ask() is var size and > 0 ? size : fallback;
        }
        catch (Exception exception) when (exception is IOException or PlatformNotSupportedException)
        {
            return fallback;
        }
    }
}
