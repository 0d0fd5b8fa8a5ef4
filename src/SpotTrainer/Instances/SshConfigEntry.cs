using SpotTrainer.Remote;

namespace SpotTrainer.Instances;

/// <summary>A host that the user's ssh knows, for <c>ssh NAME</c>.</summary>
public sealed class SshConfigEntry
{
    internal SshConfigEntry(string name, SpotTrainingInstance instance, string configPath)
    {
        Name = name;
        Instance = instance;
        HostName = instance.HostName;
        Port = instance.Port;
        UserName = instance.UserName;
        KeyPath = instance.KeyPath;
        ConfigPath = configPath;
    }

    /// <summary>The name for ssh: the name of the instance, in letters that ssh takes.</summary>
    public string Name { get; }

    /// <summary>The instance.</summary>
    public TrainingHost Instance { get; }

    /// <summary>The instance's address.</summary>
    public string HostName { get; }

    /// <summary>The port of its SSH server.</summary>
    public int Port { get; }

    /// <summary>The user name.</summary>
    public string UserName { get; }

    /// <summary>The file of the private key; null for the keys of the agent.</summary>
    public string? KeyPath { get; }

    /// <summary>The configuration file with its block.</summary>
    public string ConfigPath { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
