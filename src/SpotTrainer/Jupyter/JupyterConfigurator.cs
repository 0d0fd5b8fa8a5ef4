using System.Text;
using Org.BouncyCastle.Utilities.Encoders;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Puts Jupyter's password hash, token, and certificate on a host.</summary>
internal static class JupyterConfigurator
{
    private const int TokenBytes = 24;

    /// <summary>
    /// Writes the configuration with the names that the stack's versions read, into what is there. What already has the request's password
    /// keeps its token and its certificate.
    /// </summary>
    /// <exception cref="SpotTrainerException">
    /// <c>JupyterNotInstalled</c>, <c>JupyterConfigInvalid</c>, <c>JupyterOpen</c>, <c>JupyterHashUnreadable</c>, those of a user's certificate, and
    /// those of a host.
    /// </exception>
    public static async Task<JupyterSecurity> EnsureAsync(
        TrainingHost host, SecurityRequest request, StepContext context, CancellationToken cancellationToken)
    {
        // The user's own files are read first: a mistake in them has nothing to do with the host.
        var given = request.CertificateFile is { } file ? JupyterCertificate.Read(file, request.KeyFile!, context.Now) : null;
        var setup = await JupyterSetup.ReadAsync(host, request.Prefix, withNames: true, context, cancellationToken);
        if (!setup.Versions.IsThere)
        {
            throw JupyterErrors.NotInstalled(host, request.Prefix);
        }

        OpenSettings.Refuse(host, setup.Files);
        var hash = HashFor(host, request, setup);
        var known = setup.OwnSetting(host, "hashed_password", "password");
        var isSame = known is not null && (known == hash || (request.Password is { } password && IsHash(known, setup) && JupyterPassword.Verify(known, password)));
        hash = isSame ? known! : hash;
        var token = isSame && setup.OwnSetting(host, "token") is { } old && OpenSettings.Bits(old) >= OpenSettings.FewestBits ? old
            : Hex.ToHexString(JupyterPassword.RandomBytes(TokenBytes));
        var kept = isSame ? Kept(host, setup, given, request, context) : null;
        var certificate = kept ?? given ?? JupyterCertificate.Make(NamesOf(host, setup), context.Now, request.KeyAlgorithm, request.CertificateDays);
        var files = JupyterConfiguration.Write(setup, hash, token, request.Port);
        if (kept is null || files.Any(one => setup.Own(one.Name)?.Text != one.Text))
        {
            await InstallAsync(host, request.IsLong ? hash : null, kept is null ? certificate : null, files, context, cancellationToken);
        }

        context.Log.Verbose($"{host}: {setup.Versions}. Jupyter's certificate is {certificate.Fingerprint}.");
        return new JupyterSecurity(host, request.Prefix, request.Password, certificate)
        {
            Port = request.Port, Server = setup.Versions.ToString(), Token = token,
        };
    }

    /// <summary>Returns the hash that the stack's versions can read.</summary>
    private static string HashFor(TrainingHost host, SecurityRequest request, JupyterSetup setup) =>
        setup.Versions.Hash == JupyterHashAlgorithm.Argon2 || !request.PasswordHash.StartsWith("argon2:", StringComparison.Ordinal) ? request.PasswordHash
            : request.Password is { } password ? JupyterPassword.Hash(password, setup.Versions.Hash)
            : throw JupyterErrors.HashUnreadable(host);

    private static bool IsHash(string text, JupyterSetup setup) =>
        text.StartsWith(setup.Versions.Hash.ToString() + ":", StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns the certificate on the host if it is the one that is asked for; null for a new one.</summary>
    private static JupyterCertificate? Kept(
        TrainingHost host, JupyterSetup setup, JupyterCertificate? given, SecurityRequest request, StepContext context)
    {
        if (setup.CertificatePem.Length == 0)
        {
            return null;
        }

        // A connection that ended between the two left a certificate with another one's key.
        var known = JupyterCertificate.Read(setup.CertificatePem);
        if (known.Fingerprint != setup.Fingerprint)
        {
            return null;
        }

        return (given is null ? known.Suits(NamesOf(host, setup), context.Now, request.KeyAlgorithm, request.CertificateDays)
            : known.Fingerprint == given.Fingerprint) ? known : null;
    }

    private static IEnumerable<string> NamesOf(TrainingHost host, JupyterSetup setup) =>
        new[] { host.HostName, (host as SpotTrainingInstance)?.PrivateIpAddress ?? string.Empty }.Where(name => name.Length > 0).Concat(setup.Names);

    /// <summary>
    /// Sends all files, and then gives them their names. The connection can end between any two of these: the file of a long password
    /// therefore says which one is long, and the files that show that everything is there come last.
    /// </summary>
    private static async Task InstallAsync(
        TrainingHost host, string? longPassword, JupyterCertificate? certificate, IReadOnlyList<(string Name, string Text)> configuration,
        StepContext context, CancellationToken cancellationToken)
    {
        (string Name, string Text)[] files =
        [
            .. longPassword is null ? [] : new[] { ("long_password", longPassword) },
            .. certificate is null ? [] : new[] { ("certificate.pem", certificate.CertificatePem), ("key.pem", certificate.KeyPem), ("fingerprint", certificate.Fingerprint + "\n") },
            .. configuration,
        ];
        var script = new StringBuilder(EmbeddedScript.Read("install_security.sh"));
        foreach (var (name, text) in files)
        {
            script.Append("put ").Append(name).Append(' ').Append(Convert.ToBase64String(Encoding.UTF8.GetBytes(text))).Append('\n');
        }

        script.Append("take ").Append(string.Join(" ", files.Select(file => file.Name))).Append('\n');
        foreach (var name in JupyterConfiguration.Names.Except(configuration.Select(file => file.Name), StringComparer.Ordinal))
        {
            script.Append("drop ").Append(name).Append('\n');
        }

        // Standard input, because other users could see arguments in the process list.
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        await connection.RequireAsync("sh -s", "Writing Jupyter's configuration", cancellationToken, script.ToString());
    }
}
