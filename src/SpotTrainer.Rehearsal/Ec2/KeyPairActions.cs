using System.Security.Cryptography;
using System.Text;
using SpotTrainer.Keys;
using SpotTrainer.Rehearsal.Protocol;

namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>ImportKeyPair, CreateKeyPair, DescribeKeyPairs and DeleteKeyPair, with EC2's fingerprints.</summary>
internal static class KeyPairActions
{
    public static object?[] Import(Ec2Call call)
    {
        var name = NewName(call);
        string line;
        try
        {
            line = Encoding.UTF8.GetString(Convert.FromBase64String(call.Parameters.Required("PublicKeyMaterial"))).Trim();
        }
        catch (FormatException)
        {
            throw InvalidKey();
        }

        var (type, fingerprint) = Recognize(line);
        var pair = new KeyPair(Ids.New("key"), name, type, fingerprint, line, call.Now);
        call.EndDryRun();
        return [.. Add(call, pair), TagActions.TagSet(call.Region, pair.Id)];
    }

    public static object?[] Create(Ec2Call call)
    {
        var name = NewName(call);
        call.EndDryRun();
        string material;
        KeyPair pair;
        if (call.Parameters["KeyType"] == "ed25519")
        {
            var key = SshPrivateKey.MakeEd25519(name);
            material = key.ToOpenSsh();
            pair = new KeyPair(Ids.New("key"), name, "ed25519", Recognize(key.PublicLine).Fingerprint, key.PublicLine, call.Now);
        }
        else
        {
            using var rsa = RSA.Create(2048);
            material = rsa.ExportRSAPrivateKeyPem() + "\n";
            var numbers = rsa.ExportParameters(includePrivateParameters: false);
            var blob = new SshWriter().String("ssh-rsa")
                .MpInt(new Org.BouncyCastle.Math.BigInteger(1, numbers.Exponent!))
                .MpInt(new Org.BouncyCastle.Math.BigInteger(1, numbers.Modulus!)).ToArray();

            // EC2's fingerprint is the SHA-1 of the private key for a pair that it created, or the MD5 of the
            // public key for an imported one.
#pragma warning disable CA5350
            var fingerprint = Colons(SHA1.HashData(rsa.ExportPkcs8PrivateKey()));
#pragma warning restore CA5350
            pair = new KeyPair(Ids.New("key"), name, "rsa", fingerprint, $"ssh-rsa {Convert.ToBase64String(blob)} {name}", call.Now);
        }

        return [.. Add(call, pair), Ec2Xml.Element("keyMaterial", material), TagActions.TagSet(call.Region, pair.Id)];
    }

    public static object?[] Describe(Ec2Call call)
    {
        var withKey = call.Parameters.Boolean("IncludePublicKey") ?? false;
        var pairs = call.Named(
            "KeyPairId", call.Named("KeyName", call.KeyPairs, pair => pair.Name, "InvalidKeyPair.NotFound"), pair =>
                pair.Id, "InvalidKeyPair.NotFound");
        return
        [
            Ec2Xml.Set("keySet", call.Filtered(pairs, new Filters<KeyPair>
            {
                ["key-name"] = pair => [pair.Name],
                ["key-pair-id"] = pair => [pair.Id],
                ["fingerprint"] = pair => [pair.Fingerprint],
            }, pair => pair.Id), pair =>
            [
                Ec2Xml.Element("keyPairId", pair.Id), Ec2Xml.Element("keyFingerprint", pair.Fingerprint),
                Ec2Xml.Element("keyName", pair.Name), Ec2Xml.Element("keyType", pair.Type),
                TagActions.TagSet(call.Region, pair.Id), withKey
                    ? Ec2Xml.Element("publicKey", pair.PublicKey)
                    : null, Ec2Xml.Element("createTime", pair.Created),
            ]),
        ];
    }

    public static object?[] Delete(Ec2Call call)
    {
        var (name, id) = (call.Parameters["KeyName"], call.Parameters["KeyPairId"]);
        if (name is null && id is null)
        {
            throw AwsException.MissingParameter("KeyName");
        }

        var pair = call.KeyPairs.FirstOrDefault(known => known.Name == (name ?? known.Name) && known.Id == (id ?? known.Id));
        if (pair is not null)
        {
            call.EndDryRun();
            call.Region.KeyPairs.Remove(pair.Name);
            call.Region.Tags.Remove(pair.Id);
        }
        else if (id is not null)
        {
            // For EC2 an unknown ID is an error, but an unknown name is not.
            throw new AwsException("InvalidKeyPair.NotFound", $"The key pair '{id}' does not exist");
        }

        return [Ec2Xml.Element("return", true), Ec2Xml.Optional("keyPairId", pair?.Id)];
    }

    private static string NewName(Ec2Call call)
    {
        var name = call.Parameters.Required("KeyName");
        if (name.Length > 255 || !name.All(char.IsAscii) || name.Trim() != name)
        {
            throw AwsException.InvalidParameterValue($"Value ({name}) for parameter KeyName is invalid.");
        }

        return call.Region.KeyPairs.ContainsKey(name)
            ? throw new AwsException("InvalidKeyPair.Duplicate", $"The keypair already exists: {name}")
            : name;
    }

    private static object?[] Add(Ec2Call call, KeyPair pair)
    {
        call.Region.KeyPairs[pair.Name] = pair with { VisibleFrom = call.Now + call.Conditions.NotFoundFor };
        call.TagNew("key-pair", pair.Id);
        return [Ec2Xml.Element("keyName", pair.Name), Ec2Xml.Element("keyFingerprint", pair.Fingerprint),
            Ec2Xml.Element("keyPairId", pair.Id)];
    }

    private static (string Type, string Fingerprint) Recognize(string line)
    {
        try
        {
            var blob = Convert.FromBase64String(line.Split(' ')[1]);
            var reader = new SshReader(blob);
            switch (reader.Text())
            {
                case "ssh-ed25519" when reader.String().Length == 32 && reader.AtEnd:
                    return ("ed25519", Convert.ToBase64String(SHA256.HashData(blob)));
                case "ssh-rsa":
                    var exponent = reader.MpInt().ToByteArrayUnsigned();
                    using (var rsa = RSA.Create(new RSAParameters { Exponent = exponent, Modulus = reader.MpInt().ToByteArrayUnsigned() }))
                    {
                        // EC2 accepts no others.
                        if (rsa.KeySize is < 1024 or > 4096)
                        {
                            throw InvalidKey();
                        }

#pragma warning disable CA5351
                        return ("rsa", Colons(MD5.HashData(rsa.ExportSubjectPublicKeyInfo())));
#pragma warning restore CA5351
                    }

                default:
                    throw InvalidKey();
            }
        }
        catch (Exception exception) when (exception is FormatException or IndexOutOfRangeException or CryptographicException)
        {
            throw InvalidKey();
        }
    }

    private static string Colons(byte[] hash) => BitConverter.ToString(hash).Replace('-', ':').ToLowerInvariant();

    private static AwsException InvalidKey() => new("InvalidKey.Format", "Key is not in valid OpenSSH public key format");
}
