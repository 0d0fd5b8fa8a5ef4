using SpotTrainer.Foundation;
using SpotTrainer.Rehearsal.Conda;
using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Rehearsal.Machines;

namespace SpotTrainer.Rehearsal.Hosting;

/// <summary>Starts rehearsals: first the machines' network, then the endpoint that launches machines.</summary>
internal sealed class RehearsalFactory : IRehearsalFactory
{
    /// <inheritdoc/>
    public async Task<IRehearsalHost> StartAsync(bool installMissing, IStepLog log, CancellationToken cancellationToken)
    {
        await RequirePackagesAsync(installMissing, log, cancellationToken);
        var folder = Path.Combine(
            Path.GetTempPath(), "spottrainer-" + Path.GetRandomFileName().Replace(".", string.Empty, StringComparison.Ordinal));
        try
        {
            var vpc = await Vpc.StartAsync(folder, new VpcOptions { Files = StandInInstaller.Find }, cancellationToken);
            try
            {
                var endpoint = Ec2Endpoint.Start(vpc, new EndpointOptions());
                vpc.ConnectEndpoint(endpoint.Url.Port);
                return new RehearsalHost(vpc, endpoint, folder);
            }
            catch
            {
                await vpc.DisposeAsync();
                throw;
            }
        }
        catch (UserNamespacesForbiddenException exception)
        {
            throw new SpotTrainerException("NamespacesForbidden", ErrorKind.PermissionDenied,
                "This system forbids user namespaces, which the rehearsal's machines need.",
                $"Allow them with: {exception.AllowingLine}", "user namespaces", exception);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            throw new SpotTrainerException("RehearsalNetworkFailed", ErrorKind.InvalidOperation, exception.Message.Split('\n')[0],
                "Fix the problem that the message names and try again.", folder, exception);
        }
    }

    private static async Task RequirePackagesAsync(bool install, IStepLog log, CancellationToken cancellationToken)
    {
        var missing = Prerequisites.Missing();
        if (missing.Count == 0)
        {
            return;
        }

        if (!install || !await Prerequisites.CanInstallAsync(cancellationToken))
        {
            throw new SpotTrainerException("PackagesMissing", ErrorKind.NotInstalled,
                $"The rehearsal needs packages that are not installed: {string.Join(", ", missing)}.",
                $"Run: {Prerequisites.InstallLine(missing)}", string.Join(" ", missing));
        }

        log.Information($"Installing with apt: {string.Join(", ", missing)}.");
        const string activity = "Installing packages for the rehearsal";
        try
        {
            await Prerequisites.InstallAsync(missing, log.Information, line => log.Progress(activity, line), cancellationToken);
        }
        catch (InvalidOperationException exception)
        {
            throw new SpotTrainerException("InstallFailed", ErrorKind.NotInstalled, exception.Message.Split('\n')[0],
                $"Run: {Prerequisites.InstallLine(missing)}", string.Join(" ", missing), exception);
        }
        finally
        {
            log.ProgressDone(activity);
        }
    }
}
