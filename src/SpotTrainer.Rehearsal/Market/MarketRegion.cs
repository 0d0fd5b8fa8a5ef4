namespace SpotTrainer.Rehearsal.Market;

/// <summary>A region of a market.</summary>
/// <param name="Name">Its name, such as us-east-1.</param>
/// <param name="Factor">The ratio of its on-demand prices to us-east-1's.</param>
/// <param name="Zones">Its zones.</param>
internal sealed record MarketRegion(string Name, decimal Factor, IReadOnlyList<string> Zones)
{
    /// <summary>Returns the account-independent ID (<c>use1-az1</c>) of a zone.</summary>
    /// <remarks>As on AWS, zone a is not az1, so code that confuses them fails.</remarks>
    public string ZoneId(string zone)
    {
        var index = Zones.ToList().IndexOf(zone);
        return $"{ShortName}-az{((index + 1) % Zones.Count) + 1}";
    }

    private string ShortName
    {
        get
        {
            var parts = Name.Split('-');
            var direction = parts[1] switch
            {
                "northeast" => "ne",
                "northwest" => "nw",
                "southeast" => "se",
                "southwest" => "sw",
                var word => word[..1],
            };
            return parts[0] + direction + parts[^1];
        }
    }
}
