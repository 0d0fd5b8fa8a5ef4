using System.Text;
using System.Text.Json;
using SpotTrainer.Foundation;

namespace SpotTrainer.Instances;

/// <summary>
/// The files that make the user's ssh, and what uses it, know the instances: a configuration, known_hosts, the list that both are made of,
/// and a fragment for Windows Terminal. Several processes may change them.
/// </summary>
/// <param name="sshFolder">The user's folder <c>.ssh</c>.</param>
/// <param name="fragmentFolder">The folder of the fragment; null on systems without Windows Terminal.</param>
/// <param name="log">Receives warnings.</param>
internal sealed class SshExport(string sshFolder, string? fragmentFolder, IStepLog log)
{
    private readonly string folder = Path.Combine(sshFolder, SshUserConfig.Folder);

    /// <summary>The configuration with a block for each instance.</summary>
    public string ConfigPath => Path.Combine(folder, "config");

    /// <summary>The user's own configuration.</summary>
    public SshUserConfig UserConfig => new(Path.Combine(sshFolder, "config"));

    /// <summary>Whether the user has exported before.</summary>
    public bool Exists => File.Exists(StatePath);

    private string StatePath => Path.Combine(folder, "instances.json");

    private string KnownHostsPath => Path.Combine(folder, "known_hosts");

    /// <summary>The files of the current user.</summary>
    public static SshExport ForThisUser(IStepLog log) => new(
        Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".ssh"),
        Platform.IsWindows
            ? Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "Microsoft", "Windows Terminal", "Fragments",
                "SpotTrainer")
            : null,
        log);

    /// <summary>Whether the instances of a cloud were exported.</summary>
    public bool Covers(ExportedCloud cloud)
    {
        if (!Exists)
        {
            return false;
        }

        using var stream = SharedFile.Open(StatePath, write: false);
        return Read(stream).Clouds.Contains(cloud);
    }

    /// <summary>Throws if there is no Windows Terminal on this system.</summary>
    /// <exception cref="SpotTrainerException"><c>WindowsOnly</c>.</exception>
    public void RequireTerminal()
    {
        if (fragmentFolder is null)
        {
            throw new SpotTrainerException("WindowsOnly", ErrorKind.NotImplemented, "Windows Terminal runs on Windows only.",
                "Omit -WindowsTerminal.", sshFolder);
        }
    }

    /// <summary>Replaces the instances of a cloud in the regions that were asked, and returns all instances with their names.</summary>
    /// <param name="cloud">The cloud. From now on, its new instances are added.</param>
    /// <param name="regions">The regions.</param>
    /// <param name="instances">The instances that run there.</param>
    /// <param name="terminal">Whether Windows Terminal gets profiles; null to leave that as it is.</param>
    public IReadOnlyList<(string Alias, ExportedInstance Instance)> Replace(
        ExportedCloud cloud, IReadOnlyCollection<string> regions, IReadOnlyList<ExportedInstance> instances, bool? terminal)
    {
        return Change(state => new SshExportState(
            [.. state.Clouds.Where(one => one != cloud), cloud],
            [.. state.Instances.Where(one => !IsIn(one, cloud) || !regions.Contains(one.Region, StringComparer.Ordinal)), .. instances],
            terminal ?? state.HasTerminal));
    }

    /// <summary>Adds an instance, or replaces what is known about it.</summary>
    public IReadOnlyList<(string Alias, ExportedInstance Instance)> Put(ExportedInstance instance) => Change(
        state => state with { Instances = [.. state.Instances.Where(one => !IsSame(one, instance.Endpoint, instance.InstanceId)), instance] });

    /// <summary>Removes an instance.</summary>
    public void Remove(string endpoint, string id) => Change(
        state => state with { Instances = [.. state.Instances.Where(one => !IsSame(one, endpoint, id))] });

    /// <summary>Removes a cloud that has ended.</summary>
    public void Remove(ExportedCloud cloud) => Change(
        state => state with
        {
            Clouds = [.. state.Clouds.Where(one => one != cloud)],
            Instances = [.. state.Instances.Where(one => !IsIn(one, cloud))],
        });

    /// <summary>Returns the instances of a cloud and region that were exported.</summary>
    public IReadOnlyList<ExportedInstance> In(ExportedCloud cloud, string region)
    {
        using var stream = SharedFile.Open(StatePath, write: false);
        return [.. Read(stream).Instances.Where(one => IsIn(one, cloud) && one.Region == region)];
    }

    /// <summary>Takes everything away again, and leaves the user's own configuration as it was.</summary>
    public void RemoveAll()
    {
        UserConfig.Exclude();
        if (Exists)
        {
            using var stream = SharedFile.Open(StatePath, write: true);
            File.Delete(ConfigPath);
            File.Delete(KnownHostsPath);
            WriteFragment([]);
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool IsSame(ExportedInstance one, string endpoint, string id) => one.InstanceId == id && one.Endpoint == endpoint;

    private static bool IsIn(ExportedInstance one, ExportedCloud cloud) => one.Endpoint == cloud.Endpoint && one.Account == cloud.Account;

    /// <summary>Changes the list while no other process can, and makes the files from it.</summary>
    private IReadOnlyList<(string Alias, ExportedInstance Instance)> Change(Func<SshExportState, SshExportState> change)
    {
        using var stream = SharedFile.Open(StatePath, write: true);
        var state = change(Read(stream));
        state = state with { Instances = [.. state.Instances.Where(one => !one.IsOver)] };
        var bytes = Encoding.UTF8.GetBytes(SavedRequest.ToText(state));
        stream.Seek(0, SeekOrigin.Begin);
        stream.Write(bytes, 0, bytes.Length);
        stream.SetLength(bytes.Length);
        stream.Flush();

        var named = ExportedInstance.WithAliases(state.Instances, UserConfig.HostNames());
        var hosts = named.Select(one => one.Instance.ToHost(one.Alias)).ToArray();

        // Keys first: a host without its key would be refused.
        Write(KnownHostsPath, string.Concat(hosts.Select(host => host.KnownHostsLine())));
        Write(ConfigPath, "# SpotTrainer writes this file. To take it away, run: Export-SshConfig -Remove\n"
            + string.Concat(hosts.Select(host => "\n" + host.ConfigBlock(KnownHostsPath))));
        WriteFragment(state.HasTerminal ? named.Select(one => one.Alias).ToArray() : []);
        return named;
    }

    private SshExportState Read(FileStream stream)
    {
        using var reader = LineFile.Read(stream);
        var text = reader.ReadToEnd();
        try
        {
            return text.Length == 0 ? new SshExportState([], [], HasTerminal: false) : SavedRequest.FromText<SshExportState>(text);
        }
        catch (JsonException)
        {
            log.Warning($"{stream.Name} is damaged, so the instances in it are lost. Run Export-SshConfig to export them again.");
            return new SshExportState([], [], HasTerminal: false);
        }
    }

    private void WriteFragment(IReadOnlyList<string> aliases)
    {
        if (fragmentFolder is null)
        {
            return;
        }

        if (aliases.Count > 0)
        {
            Write(Path.Combine(fragmentFolder, TerminalFragment.FileName), TerminalFragment.Of(aliases));
        }
        else if (Directory.Exists(fragmentFolder))
        {
            Directory.Delete(fragmentFolder, recursive: true);
        }
    }

    private static void Write(string path, string text)
    {
        var content = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(text);
        if (!File.Exists(path) || !File.ReadAllBytes(path).SequenceEqual(content))
        {
            PrivateFile.Write(path, content, overwrite: true);
        }
    }
}
