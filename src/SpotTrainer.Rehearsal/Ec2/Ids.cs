using System.Security.Cryptography;
using System.Text;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>Creates IDs in EC2's form: a prefix and 17 hexadecimal digits.</summary>
internal static class Ids
{
    public static string New(string prefix) => Form(prefix, RandomNumberGenerator.GetBytes(9));

    /// <summary>Creates an ID that is always the same for the same text, in every rehearsal.</summary>
    public static string Stable(string prefix, string text) => Form(prefix, SHA256.HashData(Encoding.UTF8.GetBytes($"{prefix}/{text}")));

    private static string Form(string prefix, byte[] bytes) => $"{prefix}-{Convert.ToHexString(bytes)[..17].ToLowerInvariant()}";
}
