namespace SpotTrainer.Market;

/// <summary>Draws numbers as a line of blocks, the lowest and the highest of them as the lowest and the highest block.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";

    /// <summary>Draws a block for each number. Where all are alike, the line is flat and low.</summary>
    public static string Draw(IReadOnlyList<decimal> values)
    {
        if (values.Count == 0)
        {
            return string.Empty;
        }

        var (low, high) = (values.Min(), values.Max());
        return new string(values.Select(value => Blocks[high == low ? 0 : (int)Math.Round((value - low) / (high - low) * (Blocks.Length - 1))]).ToArray());
    }
}
