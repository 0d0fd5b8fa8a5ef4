namespace SpotTrainer.Market;

/// <summary>Draws numbers as a line of blocks, from the lowest block for the lowest number to the highest block for the highest.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";

    /// <summary>Draws a block for each number. If all are equal, the line is flat and low.</summary>
    public static string Draw(IReadOnlyList<decimal> values)
    {
        if (values.Count == 0)
        {
            return string.Empty;
        }

        var (low, high) = (values.Min(), values.Max());
        return new string(
            values.Select(value => Blocks[high == low ? 0 : (int)Math.Round((value - low) / (high - low) * (Blocks.Length - 1))])
                .ToArray());
    }
}
