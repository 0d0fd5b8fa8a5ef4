using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SpotTrainer.Foundation;

namespace SpotTrainer.Doors;

/// <summary>An IPv4 address range.</summary>
internal sealed class AddressRange
{
    /// <summary>A range with a shorter prefix contains more addresses than any single owner has.</summary>
    private const int FewestBits = 8;

    private readonly int bits;

    private AddressRange(string cidr, int bits)
    {
        Cidr = cidr;
        this.bits = bits;
    }

    /// <summary>The range as EC2 stores it, with its first address: 198.51.100.0/24 for 198.51.100.7/24.</summary>
    public string Cidr { get; }

    /// <summary>Whether the range is so wide that it lets strangers in.</summary>
    public bool IsWide => bits < FewestBits;

    /// <summary>Parses a range that a user gave.</summary>
    /// <exception cref="SpotTrainerException"><c>CidrInvalid</c>.</exception>
    public static AddressRange Parse(string text)
    {
        // Some programs read an octet with a leading zero as octal, which is a different address.
        var parts = text.Split('/');
        if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out var address) || address.AddressFamily != AddressFamily.InterNetwork
            || address.ToString() != parts[0]
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var bits) || bits > 32)
        {
            throw new SpotTrainerException("CidrInvalid", ErrorKind.InvalidArgument, $"'{text}' is not a valid IPv4 address range.",
                "Use a range such as 203.0.113.7/32, which is that address alone.", text);
        }

        var bytes = address.GetAddressBytes();
        for (var index = 0; index < bytes.Length; index++)
        {
            var fixedBits = Math.Min(Math.Max(bits - (8 * index), 0), 8);
            bytes[index] &= (byte)(0xFF00 >> fixedBits);
        }

        return new AddressRange($"{new IPAddress(bytes)}/{bits.ToString(CultureInfo.InvariantCulture)}", bits);
    }

    /// <summary>Warns, with -WhatIf, about a wide range that a user gave.</summary>
    public static void Preview(string? text, int port, IStepLog log)
    {
        if (text is not null && Parse(text) is { IsWide: true } wide)
        {
            log.Warning($"Port {port.ToString(CultureInfo.InvariantCulture)} would be open to {wide}.");
        }
    }

    /// <summary>The range, with a note if it is wide.</summary>
    public override string ToString() => bits == 0 ? $"{Cidr}, the whole world" : IsWide ? $"{Cidr}, a large part of the world" : Cidr;
}
