using System.Globalization;
using Amazon.EC2.Model;

namespace SpotTrainer.Doors;

/// <summary>A way into an instance through a security group: its purpose and its ports.</summary>
/// <param name="Purpose">The purpose, in lowercase, as in the tag of the security group.</param>
/// <param name="FirstPort">The first port.</param>
/// <param name="LastPort">The last port.</param>
internal sealed record Door(string Purpose, int FirstPort, int LastPort)
{
    /// <summary>The tag of the module's security groups. Its value is the purpose.</summary>
    public const string PurposeTag = "spottrainer:group";

    /// <summary>The tag of the ports that a group opens, except for SSH: one port, or the first and the last with a hyphen.</summary>
    public const string PortsTag = "spottrainer:port";

    public Door(string purpose, int port)
        : this(purpose, port, port)
    {
    }

    /// <summary>The door through which every instance is reached.</summary>
    public static Door Ssh { get; } = new("ssh", 22);

    /// <summary>The ports as tags and messages show them: <c>8888</c>, or <c>8888-8890</c>.</summary>
    public string Ports =>
        FirstPort == LastPort ? FirstPort.ToString(CultureInfo.InvariantCulture) : FormattableString.Invariant($"{FirstPort}-{LastPort}");

    /// <summary>Returns the door that one of the module's groups opens. If tags are missing or damaged, it is the door for SSH.</summary>
    public static Door Of(SecurityGroup group)
    {
        var ports = ValueOf(group, PortsTag).Split('-');
        return ports.Length <= 2 && TryParse(ports[0], out var first) && TryParse(ports[ports.Length - 1], out var last) && first <= last
            ? new Door(ValueOf(group, PurposeTag), first, last) : Ssh;
    }

    /// <summary>Returns the tags for the door's security group.</summary>
    public IEnumerable<Tag> Tags() =>
        this == Ssh ? [new Tag(PurposeTag, Purpose)] : [new Tag(PurposeTag, Purpose), new Tag(PortsTag, Ports)];

    /// <summary>Returns the rule that lets an address range in.</summary>
    public IpPermission Rule(string cidr, string? description) => new()
    {
        IpProtocol = "tcp", FromPort = FirstPort, ToPort = LastPort,
        Ipv4Ranges = [new IpRange { CidrIp = cidr, Description = description }],
    };

    /// <summary>Whether a rule opens all ports of the door.</summary>
    public bool IsOpenedBy(IpPermission rule) => rule.IpProtocol == "tcp" && rule.FromPort <= FirstPort && rule.ToPort >= LastPort;

    /// <summary>Whether a rule opens any port of the door.</summary>
    public bool IsTouchedBy(IpPermission rule) =>
        rule.IpProtocol == "-1" || (rule.IpProtocol == "tcp" && rule.FromPort <= LastPort && rule.ToPort >= FirstPort);

    private static string ValueOf(SecurityGroup group, string key) => group.Tags.Find(tag => tag.Key == key)?.Value ?? string.Empty;

    private static bool TryParse(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port);
}
