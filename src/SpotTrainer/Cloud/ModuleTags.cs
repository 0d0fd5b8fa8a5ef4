using System.Globalization;

namespace SpotTrainer.Cloud;

/// <summary>The module's tags: what AWS stores about an instance, a security group, or a key pair for every session and computer.</summary>
internal static class ModuleTags
{
    public const string Name = "Name";

    /// <summary>The prefix of the module's own tags.</summary>
    public const string Prefix = "spottrainer:";

    /// <summary>The maximum number of the user's own tags: EC2 allows 50 in all.</summary>
    public const int MostOfUsers = 30;

    /// <summary>Who launched the instance, or created the security group or key pair: user and computer.</summary>
    public const string Owner = "spottrainer:owner";

    /// <summary>The launch request that the instance belongs to.</summary>
    public const string Launch = "spottrainer:launch";

    /// <summary>The deadline as an instant in UTC (ISO 8601).</summary>
    public const string Deadline = "spottrainer:deadline";

    /// <summary>The prefix of the host key tag while the machine uses, or may use, the key that the launching computer created.</summary>
    public const string HostKeyPending = "pending";

    /// <summary>The fingerprints of the machine's pinned host keys.</summary>
    public const string HostKey = "spottrainer:hostkey";

    /// <summary>The user name.</summary>
    public const string User = "spottrainer:user";

    /// <summary>The Spot price at launch, in US dollars per hour.</summary>
    public const string Price = "spottrainer:price";

    /// <summary>The on-demand price at launch, in US dollars per hour.</summary>
    public const string OnDemandPrice = "spottrainer:ondemandprice";

    /// <summary>The price of a GiB of disk per month at launch, in US dollars.</summary>
    public const string DiskPrice = "spottrainer:diskprice";

    /// <summary>The most that this instance may cost, in US dollars.</summary>
    public const string Budget = "spottrainer:budget";

    /// <summary>The highest price that can be charged, in US dollars per hour.</summary>
    public const string HighestPrice = "spottrainer:maxprice";

    /// <summary>The minutes without use after which the instance ends itself.</summary>
    public const string IdleTimeout = "spottrainer:idletimeout";

    /// <summary>The root disk's size, in GiB.</summary>
    public const string VolumeSize = "spottrainer:volumesize";

    /// <summary>Whether the instance has results that were not fetched.</summary>
    public const string Results = "spottrainer:results";

    /// <summary>The value of <see cref="Results"/> while something is left to fetch.</summary>
    public const string ResultsPending = "pending";

    /// <summary>The value of <see cref="Results"/> after everything was fetched.</summary>
    public const string ResultsFetched = "fetched";

    /// <summary>The port of the SSH server if it is not 22: a rehearsal sets it.</summary>
    public const string SshPort = "spottrainer:sshport";

    /// <summary>Formats a time for a tag.</summary>
    public static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    /// <summary>The owner of what this user creates on this computer.</summary>
    public static string CurrentOwner => $"{Environment.UserName}@{Environment.MachineName}";
}
