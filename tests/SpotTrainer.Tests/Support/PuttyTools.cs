namespace SpotTrainer.Tests.Support;

/// <summary>Installs puttygen, plink, ssh-keygen, and openssl if they are missing.</summary>
public sealed class PuttyTools : IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await DebianPackages.EnsureAsync("putty-tools", "openssh-client", "openssl");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
