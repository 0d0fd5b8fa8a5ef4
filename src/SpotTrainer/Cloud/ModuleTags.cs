using System.Globalization;

namespace SpotTrainer.Cloud;

/// <summary>The tags of the module: what AWS keeps of an instance, a security group or a key pair for every session and computer.</summary>
internal static class ModuleTags
{
    public const string Name = "Name";

    /// <summary>What the names of the module's own tags begin with.</summary>
    public const string Prefix = "spottrainer:";

    /// <summary>How many tags of a user's own EC2's 50 leave room for.</summary>
    public const int MostOfUsers = 30;

    /// <summary>Who launched it, or made the security group or key pair: user and computer.</summary>
    public const string Owner = "spottrainer:owner";

    /// <summary>The launch request that an instance was launched for.</summary>
    public const string Launch = "spottrainer:launch";

    /// <summary>The deadline as an instant in UTC (ISO 8601).</summary>
    public const string Deadline = "spottrainer:deadline";

    /// <summary>What the tag of host keys begins with while the machine serves, or may serve, the key that its client made.</summary>
    public const string HostKeyPending = "pending";

    /// <summary>The fingerprints of its pinned host keys.</summary>
    public const string HostKey = "spottrainer:hostkey";

    /// <summary>Who logs in.</summary>
    public const string User = "spottrainer:user";

    /// <summary>The Spot price at launch, in US dollars an hour.</summary>
    public const string Price = "spottrainer:price";

    /// <summary>The on-demand price at launch, in US dollars an hour.</summary>
    public const string OnDemandPrice = "spottrainer:ondemandprice";

    /// <summary>The price of a GiB of disk for a month at launch, in US dollars.</summary>
    public const string DiskPrice = "spottrainer:diskprice";
    /// <summary>The most that this instance may cost, in US dollars.</summary>
    public const string Budget = "spottrainer:budget";

    /// <summary>The highest price that can be charged, in US dollars an hour.</summary>
    public const string HighestPrice = "spottrainer:maxprice";

    /// <summary>After how many minutes without use it ends itself.</summary>
    public const string IdleTimeout = "spottrainer:idletimeout";

    /// <summary>The root disk's size, in GiB.</summary>
    public const string VolumeSize = "spottrainer:volumesize";

    /// <summary>Whether it has results that were not fetched.</summary>
    public const string Results = "spottrainer:results";

    /// <summary>The value of <see cref="Results"/> while something is left to fetch.</summary>
    public const string ResultsPending = "pending";

    /// <summary>The value of <see cref="Results"/> after everything was fetched.</summary>
    public const string ResultsFetched = "fetched";

    /// <summary>The port of its SSH server where that is not 22: a rehearsal sets it.</summary>
    public const string SshPort = "spottrainer:sshport";

    /// <summary>A moment as the tags have it.</summary>
    public static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    /// <summary>The owner that what this user makes on this computer carries.</summary>
    public static string CurrentOwner => $"{Environment.UserName}@{Environment.MachineName}";
}
