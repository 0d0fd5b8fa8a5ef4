using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SpotTrainer.Foundation;

namespace SpotTrainer.Doors;

/// <summary>An IPv4 range.</summary>
internal sealed class AddressRange
{
    /// <summary>A range with fewer fixed bits holds more addresses than any one owner has.</summary>
    private const int FewestBits = 8;

    private readonly int bits;

    private AddressRange(string cidr, int bits)
    {
        Cidr = cidr;
        this.bits = bits;
    }

    /// <summary>The range as EC2 keeps it, by its first address: 198.51.100.0/24 for 198.51.100.7/24.</summary>
    public string Cidr { get; }

    /// <summary>Whether it is so wide that strangers are let in.</summary>
    public bool IsWide => bits < FewestBits;

    /// <summary>Reads a range as a user gives it.</summary>
    /// <exception cref="SpotTrainerException"><c>CidrInvalid</c>.</exception>
    public static AddressRange Parse(string text)
    {
        // An octet with a zero before it is octal to some, and another address.
        var parts = text.Split('/');
        if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out var address) || address.AddressFamily != AddressFamily.InterNetwork
            || address.ToString() != parts[0]
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var bits) || bits > 32)
        {
            throw new SpotTrainerException("CidrInvalid", ErrorKind.InvalidArgument, $"'{text}' can't be an address range.",
                "Give one such as 203.0.113.7/32, which is that address alone.", text);
        }

        var bytes = address.GetAddressBytes();
        for (var index = 0; index < bytes.Length; index++)
        {
            var fixedBits = Math.Min(Math.Max(bits - (8 * index), 0), 8);
            bytes[index] &= (byte)(0xFF00 >> fixedBits);
        }

        return new AddressRange($"{new IPAddress(bytes)}/{bits.ToString(CultureInfo.InvariantCulture)}", bits);
    }

    /// <summary>The range, and what it means where that is much.</summary>
    public override string ToString() => bits == 0 ? $"{Cidr}, the whole world" : IsWide ? $"{Cidr}, a large part of the world" : Cidr;
}
