namespace SpotTrainer.Tests.Support;

/// <summary>puttygen, plink, ssh-keygen and openssl, installed where they are missing.</summary>
public sealed class PuttyTools : IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await DebianPackages.EnsureAsync("putty-tools", "openssh-client", "openssl");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
