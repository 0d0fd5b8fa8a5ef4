using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Sftp;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>
/// A folder on a host, over SFTP. Paths use slashes and are relative to the folder. The path of the folder itself is relative to the user's
/// home directory, unless it begins with a slash.
/// </summary>
internal sealed class RemoteFolder
{
    private readonly SshConnection connection;
    private readonly SftpClient sftp;
    private readonly string root;

    internal RemoteFolder(SshConnection connection, SftpClient sftp, string path)
    {
        this.connection = connection;
        this.sftp = sftp;

        // SFTP does not know "~", but relative paths start at the home directory.
        root = path == "~" ? "." : path.StartsWith("~/", StringComparison.Ordinal) ? path.Substring(2) : path;
    }

    /// <summary>Creates the folder, or one below it, and its parents.</summary>
    public Task CreateAsync(CancellationToken cancellationToken, string path = "") =>
        DoAsync(path, () => CreateFullAsync(Full(path), cancellationToken), cancellationToken);

    /// <summary>Lists the folder, or one below it.</summary>
    public Task<IReadOnlyList<RemoteEntry>> ListAsync(string path, CancellationToken cancellationToken) =>
        DoAsync<IReadOnlyList<RemoteEntry>>(
            path,
            async () =>
            {
                var entries = new List<RemoteEntry>();
                await foreach (var file in sftp.ListDirectoryAsync(Full(path), cancellationToken))
                {
                    if (file.Name is not ("." or ".."))
                    {
                        entries.Add(new RemoteEntry(
                            file.Name, file.IsDirectory ? RemoteEntryKind.Folder : file.IsRegularFile ? RemoteEntryKind.File
                                : file.IsSymbolicLink ? RemoteEntryKind.Link : RemoteEntryKind.Other,
                            file.Length, file.LastWriteTimeUtc));
                    }
                }

                return entries;
            }, cancellationToken);

    /// <summary>Returns a file or a folder; null if there is none. Links are followed.</summary>
    public Task<RemoteEntry?> FindAsync(string path, CancellationToken cancellationToken) => DoAsync<RemoteEntry?>(
        path,
        async () => !await sftp.ExistsAsync(Full(path), cancellationToken) ? null
            : await sftp.GetAttributesAsync(Full(path), cancellationToken) is var found && found.IsRegularFile
                ? new RemoteEntry(path, RemoteEntryKind.File, found.Size, found.LastWriteTimeUtc)
                : new RemoteEntry(path, found.IsDirectory ? RemoteEntryKind.Folder : RemoteEntryKind.Other, 0, found.LastWriteTimeUtc),
        cancellationToken);

    /// <summary>Sets the time and the permissions of a file or a folder. The time is kept in whole seconds.</summary>
    public Task SetAsync(string path, DateTime lastWriteTime, int mode, CancellationToken cancellationToken) => DoAsync(
        path,
        async () =>
        {
            var attributes = await sftp.GetAttributesAsync(Full(path), cancellationToken);
            attributes.LastWriteTimeUtc = lastWriteTime;
            attributes.SetPermissions((short)int.Parse(Convert.ToString(mode, toBase: 8), System.Globalization.CultureInfo.InvariantCulture));
            sftp.SetAttributes(Full(path), attributes);
        }, cancellationToken);

    /// <summary>Deletes a file.</summary>
    public Task DeleteAsync(string path, CancellationToken cancellationToken) =>
        DoAsync(path, () => sftp.DeleteFileAsync(Full(path), cancellationToken), cancellationToken);

    /// <summary>Deletes an empty folder.</summary>
    public Task DeleteFolderAsync(string path, CancellationToken cancellationToken) =>
        DoAsync(path, () => sftp.DeleteDirectoryAsync(Full(path), cancellationToken), cancellationToken);

    /// <summary>Writes a file. An existing file is replaced.</summary>
    public Task WriteAsync(string path, Stream content, CancellationToken cancellationToken) =>
        DoAsync(path, () => sftp.UploadFileAsync(content, Full(path), cancellationToken), cancellationToken);

    /// <summary>Writes a text file in UTF-8. An existing file is replaced.</summary>
    public async Task WriteTextAsync(string path, string text, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await WriteAsync(path, content, cancellationToken);
    }

    /// <summary>Reads a file.</summary>
    public Task ReadAsync(string path, Stream content, CancellationToken cancellationToken) =>
        DoAsync(path, () => sftp.DownloadFileAsync(Full(path), content, cancellationToken), cancellationToken);

    /// <summary>Renames a file. An existing file with the new name is replaced.</summary>
    public Task ReplaceAsync(string path, string newPath, CancellationToken cancellationToken) => DoAsync(
        newPath,
        () =>
        {
            sftp.RenameFile(Full(path), Full(newPath), isPosix: true);
            return Task.CompletedTask;
        }, cancellationToken);

    private Task DoAsync(string path, Func<Task> work, CancellationToken cancellationToken) => DoAsync(
        path,
        async () =>
        {
            await work();
            return true;
        }, cancellationToken);

    /// <summary>Does work, and says what stands in its way. The host itself tells little: in version 3 of SFTP, most of it is a "failure".</summary>
    private Task<T> DoAsync<T>(string path, Func<Task<T>> work, CancellationToken cancellationToken) => connection.WhileThereAsync(
        async () =>
        {
            try
            {
                return await work();
            }
            catch (SftpException exception)
            {
                throw await WhyAsync(Full(path), exception, cancellationToken);
            }
        }, cancellationToken);

    private async Task<SpotTrainerException> WhyAsync(string path, SftpException exception, CancellationToken cancellationToken)
    {
        for (var parent = path; (parent = Parent(parent)).Length > 0;)
        {
            if (await IsAsync(parent, file => file.IsRegularFile, cancellationToken))
            {
                return RemoteErrors.PathIsFile(connection.Host, parent, exception);
            }
        }

        return exception switch
        {
            SftpPermissionDeniedException => RemoteErrors.PathDenied(connection.Host, path, exception),
            SftpPathNotFoundException => RemoteErrors.PathMissing(connection.Host, path, exception),
            _ when await IsAsync(path, file => file.IsDirectory, cancellationToken) => RemoteErrors.PathIsFolder(connection.Host, path, exception),
            _ => RemoteErrors.PathFailed(connection.Host, path, exception),
        };
    }

    private async Task<bool> IsAsync(string path, Func<SftpFileAttributes, bool> kind, CancellationToken cancellationToken)
    {
        try
        {
            return kind(await sftp.GetAttributesAsync(path, cancellationToken));
        }
        catch (SftpException)
        {
            return false;
        }
    }

    private static string Parent(string path) => path.LastIndexOf('/') is > 0 and var end ? path.Substring(0, end) : string.Empty;

    private string Full(string path) => path.Length == 0 ? root : $"{root}/{path}";

    private async Task CreateFullAsync(string path, CancellationToken cancellationToken)
    {
        if (path.Length == 0 || path is "/" or "." || await IsAsync(path, file => file.IsDirectory, cancellationToken))
        {
            return;
        }

        await CreateFullAsync(Parent(path), cancellationToken);

        try
        {
            await sftp.CreateDirectoryAsync(path, cancellationToken);
        }
        catch (SftpException exception)
        {
            if (!await IsAsync(path, file => file.IsDirectory, cancellationToken))
            {
                throw await IsAsync(path, file => file.IsRegularFile, cancellationToken)
                    ? RemoteErrors.PathIsFile(connection.Host, path, exception) : await WhyAsync(path, exception, cancellationToken);
            }

            // Another transfer to the same host has created it in the meantime.
        }
    }
}

/// <summary>The kind of a folder entry.</summary>
internal enum RemoteEntryKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link.</summary>
    Link,

    /// <summary>A socket, a pipe, or a device.</summary>
    Other,
}

/// <summary>A folder entry.</summary>
/// <param name="Name">Its name, without the folder's path. The host chose it, so it cannot be trusted.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Length">Its size in bytes.</param>
/// <param name="LastWriteTime">When it was last changed (UTC), in whole seconds.</param>
internal sealed record RemoteEntry(string Name, RemoteEntryKind Kind, long Length, DateTime LastWriteTime);
