namespace SpotTrainer.Tests.Support;

/// <summary>puttygen and plink, installed where they are missing.</summary>
public sealed class PuttyTools : IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await DebianPackages.EnsureAsync("putty-tools", "openssh-client");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
