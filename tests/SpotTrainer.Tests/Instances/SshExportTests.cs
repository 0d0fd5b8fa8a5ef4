using System.Text.Json;
using SpotTrainer.Instances;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Instances;

/// <summary>The files of the export: which instance has which name, and that no process loses what another has written.</summary>
public sealed class SshExportTests : IDisposable
{
    private const string HostKey = "AAAAC3NzaC1lZDI1NTE5AAAAIBJOhmBFMJWHAS7sy4h6yKJ8IzhNJ40VunaVdRjZZ224";
    private static readonly ExportedCloud Aws = new("", "123456789012");
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_newest_instance_of_a_name_has_it_and_older_ones_have_the_end_of_their_id()
    {
        var export = Export();

        Replace(export, Instance("i-0000aaaa", "gpu", minutes: 1), Instance("i-0000bbbb", "gpu", minutes: 3), Instance("i-0000cccc", "other"));
        Assert.Equal(["Host gpu", "Host gpu-aaaa", "Host other"], Hosts());
        Assert.Contains("HostKeyAlias i-0000bbbb\n", BlockOf("gpu"), StringComparison.Ordinal);

        // Replaced by a newer one, and back when that has ended.
        export.Put(Instance("i-0000dddd", "gpu", minutes: 9));
        Assert.Equal(["Host gpu", "Host gpu-bbbb", "Host gpu-aaaa", "Host other"], Hosts());
        Assert.Contains("HostKeyAlias i-0000dddd\n", BlockOf("gpu"), StringComparison.Ordinal);
        export.Remove("", "i-0000dddd");
        Assert.Contains("HostKeyAlias i-0000bbbb\n", BlockOf("gpu"), StringComparison.Ordinal);
        Assert.Equal(3, File.ReadAllLines(folder["spottrainer/known_hosts"]).Length);
    }

    [Fact]
    public void Names_that_ssh_would_misread_or_that_the_user_has_get_another()
    {
        folder.Write("config", "Host gpu\n    HostName mine\n");
        var export = Export();

        var named = Replace(
            export, Instance("i-0000aaaa", "gpu"), Instance("i-0000bbbb", "localhost"), Instance("i-0000cccc", "*"),
            Instance("i-0000dddd", "a b", minutes: 2), Instance("i-0000eeee", "a*b"), Instance("i-1111eeee", "a?b"));

        Assert.Equal(
            ["a-b", "gpu-aaaa", "localhost-bbbb", "i-0000cccc", "a-b-eeee", "a-b-i-1111eeee"], named.Select(one => one.Alias));
    }

    [Fact]
    public void An_instance_on_aws_comes_before_one_of_a_rehearsal()
    {
        var rehearsal = new ExportedCloud("http://127.0.0.1:9/", "000000000000");
        var export = Export();
        export.Replace(rehearsal, ["r"], [InstanceOf(rehearsal, "i-0000aaaa", "gpu", minutes: 9)], terminal: null);

        Replace(export, Instance("i-0000bbbb", "gpu"));

        Assert.Equal(["Host gpu", "Host gpu-aaaa"], Hosts());
        Assert.Contains("HostKeyAlias i-0000bbbb\n", BlockOf("gpu"), StringComparison.Ordinal);
        Assert.True(export.Covers(rehearsal));

        export.Remove(rehearsal);
        Assert.Equal(["Host gpu"], Hosts());
        Assert.False(export.Covers(rehearsal));
        Assert.True(export.Covers(Aws));
    }

    [Fact]
    public void What_belongs_to_a_rehearsal_whose_keys_are_gone_is_dropped()
    {
        var rehearsal = new ExportedCloud("http://127.0.0.1:9/", "000000000000");
        var export = Export();
        var key = folder.Write("rehearsal.pem", "");
        export.Replace(rehearsal, ["r"], [InstanceOf(rehearsal, "i-0000aaaa", "gpu") with { KeyPath = key }], terminal: null);
        Assert.Equal(["Host gpu"], Hosts());

        File.Delete(key);
        export.Put(Instance("i-0000bbbb", "other"));

        Assert.Equal(["Host other"], Hosts());
    }

    [Fact]
    public void Regions_that_were_not_asked_keep_their_instances()
    {
        var export = Export();
        Replace(export, Instance("i-0000aaaa", "gpu"));
        export.Replace(Aws, ["s"], [Instance("i-0000bbbb", "two") with { Region = "s" }], terminal: null);
        Assert.Equal(2, Hosts().Length);

        Replace(export);

        Assert.Equal(["Host two"], Hosts());
    }

    [Fact]
    public async Task Writers_at_the_same_time_lose_nothing()
    {
        Replace(Export());

        await Task.WhenAll(Enumerable.Range(10, 20).Select(number => Task.Run(
            () => Export().Put(Instance($"i-00{number}", $"box{number}")), TestContext.Current.CancellationToken)));

        Assert.Equal(20, Hosts().Length);
        Assert.Equal(20, File.ReadAllLines(folder["spottrainer/known_hosts"]).Length);
        Assert.Equal(
            ["config", "instances.json", "known_hosts"], Directory.GetFiles(folder["spottrainer"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_files_are_for_this_user_only_and_all_go_again()
    {
        folder.Write("config", "Host mine\n");
        var export = Export();
        Replace(export, Instance("i-0000aaaa", "gpu"));
        export.UserConfig.Include();
        foreach (var file in Directory.GetFiles(folder["spottrainer"]))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        export.RemoveAll();

        Assert.False(Directory.Exists(folder["spottrainer"]));
        Assert.Equal("Host mine\n", File.ReadAllText(folder["config"]));
        export.RemoveAll();
    }

    [Fact]
    public void A_damaged_list_is_a_warning()
    {
        var export = Export();
        Replace(export, Instance("i-0000aaaa", "gpu"));
        File.WriteAllText(folder["spottrainer/instances.json"], "{ \"Clouds\": [");

        export.Put(Instance("i-0000bbbb", "two"));

        Assert.Contains(log.Lines, line => line.StartsWith("warning: ", StringComparison.Ordinal) && line.Contains("damaged", StringComparison.Ordinal));
        Assert.Equal(["Host two"], Hosts());
    }

    [Fact]
    public void Windows_terminal_gets_a_profile_for_each_instance()
    {
        var export = Export();
        Replace(export, Instance("i-0000aaaa", "gpu"));
        Assert.False(Directory.Exists(folder["fragments"]));

        export.Replace(Aws, ["r"], [Instance("i-0000aaaa", "gpu"), Instance("i-0000bbbb", "my box")], terminal: true);
        var profiles = Profiles();
        Assert.Equal(["ssh gpu", "ssh my-box"], profiles.Select(profile => profile.GetProperty("commandline").GetString()));
        Assert.Equal(["SpotTrainer: gpu", "SpotTrainer: my-box"], profiles.Select(profile => profile.GetProperty("name").GetString()));
        var first = profiles[0].GetProperty("guid").GetString()!;
        Assert.Matches(@"^\{[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}$", first);
        Assert.NotEqual(first, profiles[1].GetProperty("guid").GetString());

        // Kept right, and the same profile for the next instance of the name.
        export.Remove("", "i-0000aaaa");
        export.Put(Instance("i-0000cccc", "gpu"));
        Assert.Equal(first, Profiles()[0].GetProperty("guid").GetString());
        export.Replace(Aws, ["r"], [], terminal: null);
        Assert.False(Directory.Exists(folder["fragments"]));
        export.Put(Instance("i-0000cccc", "gpu"));
        Assert.Single(Profiles());

        export.RemoveAll();
        Assert.False(Directory.Exists(folder["fragments"]));
    }

    private SshExport Export() => new(folder.Path, folder["fragments"], log);

    private static IReadOnlyList<(string Alias, ExportedInstance Instance)> Replace(SshExport export, params ExportedInstance[] instances) =>
        export.Replace(Aws, ["r"], instances, terminal: null);

    private static ExportedInstance Instance(string id, string name, int minutes = 0) => InstanceOf(Aws, id, name, minutes);

    private static ExportedInstance InstanceOf(ExportedCloud cloud, string id, string name, int minutes = 0) => new(
        cloud.Endpoint, cloud.Account, "r", id, name, Noon.AddMinutes(minutes), "192.0.2.1", 22, "ubuntu", "/dev/null", HostKey);

    private string[] Hosts() =>
        [.. File.ReadAllLines(folder["spottrainer/config"]).Where(line => line.StartsWith("Host ", StringComparison.Ordinal))];

    private string BlockOf(string alias) =>
        File.ReadAllText(folder["spottrainer/config"]).Split($"Host {alias}\n")[1].Split("\nHost ")[0];

    private JsonElement[] Profiles() =>
        [.. JsonDocument.Parse(File.ReadAllText(folder["fragments/instances.json"])).RootElement.GetProperty("profiles").EnumerateArray()];
}
