namespace SpotTrainer.Rehearsal.Market;

/// <summary>A region of a market.</summary>
/// <param name="Name">Its name, such as us-east-1.</param>
/// <param name="Factor">What its on-demand prices are against us-east-1's.</param>
/// <param name="Zones">Its zones.</param>
internal sealed record MarketRegion(string Name, decimal Factor, IReadOnlyList<string> Zones)
{
    /// <summary>The account-independent ids of its zones (<c>use1-az1</c>), by a zone's name.</summary>
    /// <remarks>As on AWS, zone a is not az1: who takes one for the other is found out.</remarks>
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
