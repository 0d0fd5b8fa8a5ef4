using System.Text;
using SpotTrainer.Rehearsal.Machines;

namespace SpotTrainer.Tests.Rehearsal.Machines;

/// <summary>What cloud-init asks of a metadata service, which real boots showed.</summary>
public sealed class MetadataServiceTests
{
    private readonly MetadataService metadata = new();

    [Theory]
    [InlineData("latest", 200)]
    [InlineData("2021-03-23", 200)]
    [InlineData("2009-04-04", 200)]
    [InlineData("2021-3-23", 404)]
    [InlineData("oldest", 404)]
    public void Each_dated_version_answers_as_the_latest_one(string version, int status)
    {
        metadata.Set("meta-data/instance-id", "i-0123456789abcdef0");
        Assert.Equal(status, Ask($"/{version}/meta-data/instance-id").Status);
    }

    [Fact]
    public void The_list_of_keys_has_their_names_and_the_list_above_it_names_it_once()
    {
        metadata.Set("meta-data/instance-id", "i-0123456789abcdef0");
        metadata.Set("meta-data/public-keys", "0=mine");
        metadata.Set("meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA made-for-tests");
        Assert.Equal("instance-id\npublic-keys/", Text("/latest/meta-data/"));
        Assert.Equal("0=mine", Text("/latest/meta-data/public-keys/"));
        Assert.Equal("openssh-key", Text("/latest/meta-data/public-keys/0/"));
        Assert.Equal("meta-data", Text("/latest/"));
    }

    private string Text(string path) => Encoding.UTF8.GetString(Ask(path).Body);

    private LocalResponse Ask(string path)
    {
        var token = metadata.Answer(new LocalRequest(
            "PUT", "/latest/api/token", new Dictionary<string, string> { ["X-aws-ec2-metadata-token-ttl-seconds"] = "60" }));
        return metadata.Answer(new LocalRequest(
            "GET", path, new Dictionary<string, string> { ["X-aws-ec2-metadata-token"] = Encoding.ASCII.GetString(token.Body) }));
    }
}
