using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;

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
        DoAsync(() => CreateFullAsync(Full(path), cancellationToken), cancellationToken);

    /// <summary>Lists the folder, or one below it.</summary>
    public Task<IReadOnlyList<RemoteEntry>> ListAsync(string path, CancellationToken cancellationToken) =>
        connection.WhileThereAsync<IReadOnlyList<RemoteEntry>>(
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
                            file.Length));
                    }
                }

                return entries;
            }, cancellationToken);

    /// <summary>The size of the file that a symbolic link points to; null if it does not point to a file.</summary>
    public Task<long?> SizeOfTargetAsync(string path, CancellationToken cancellationToken) => connection.WhileThereAsync<long?>(
        async () => await sftp.ExistsAsync(Full(path), cancellationToken)
            && await sftp.GetAttributesAsync(Full(path), cancellationToken) is { IsRegularFile: true } target ? target.Size : null,
        cancellationToken);

    /// <summary>Writes a file. An existing file is replaced.</summary>
    public Task WriteAsync(string path, Stream content, CancellationToken cancellationToken) =>
        DoAsync(() => sftp.UploadFileAsync(content, Full(path), cancellationToken), cancellationToken);

    /// <summary>Writes a text file in UTF-8. An existing file is replaced.</summary>
    public async Task WriteTextAsync(string path, string text, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await WriteAsync(path, content, cancellationToken);
    }

    /// <summary>Reads a file.</summary>
    public Task ReadAsync(string path, Stream content, CancellationToken cancellationToken) =>
        DoAsync(() => sftp.DownloadFileAsync(Full(path), content, cancellationToken), cancellationToken);

    /// <summary>Renames a file. An existing file with the new name is replaced.</summary>
    public Task ReplaceAsync(string path, string newPath, CancellationToken cancellationToken) => DoAsync(
        () =>
        {
            sftp.RenameFile(Full(path), Full(newPath), isPosix: true);
            return Task.CompletedTask;
        }, cancellationToken);

    private Task DoAsync(Func<Task> work, CancellationToken cancellationToken) => connection.WhileThereAsync(
        async () =>
        {
            await work();
            return true;
        }, cancellationToken);

    private string Full(string path) => path.Length == 0 ? root : $"{root}/{path}";

    private async Task CreateFullAsync(string path, CancellationToken cancellationToken)
    {
        if (path.Length == 0 || path is "/" or "." || await sftp.ExistsAsync(path, cancellationToken))
        {
            return;
        }

        var parent = path.LastIndexOf('/');
        if (parent > 0)
        {
            await CreateFullAsync(path.Substring(0, parent), cancellationToken);
        }

        try
        {
            await sftp.CreateDirectoryAsync(path, cancellationToken);
        }
        catch (SshException)
        {
            if (!await sftp.ExistsAsync(path, cancellationToken))
            {
                throw;
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
internal sealed record RemoteEntry(string Name, RemoteEntryKind Kind, long Length);
