using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;
using SpotTrainer.Foundation;

namespace SpotTrainer.Remote;

/// <summary>
/// A folder on a host, over SFTP. Paths use slashes and are relative to the folder. The path of the folder itself is relative to the user's
/// home directory, unless it begins with a slash.
/// </summary>
internal sealed class RemoteFolder
{
    private readonly SftpClient sftp;
    private readonly string root;

    internal RemoteFolder(SftpClient sftp, string path)
    {
        this.sftp = sftp;

        // SFTP does not know "~", but relative paths start at the home directory.
        root = path == "~" ? "." : path.StartsWith("~/", StringComparison.Ordinal) ? path.Substring(2) : path;
    }

    /// <summary>Creates the folder, or one below it, and its parents.</summary>
    public Task CreateAsync(CancellationToken cancellationToken, string path = "") => CreateFullAsync(Full(path), cancellationToken);

    /// <summary>Lists the folder, or one below it.</summary>
    public async Task<IReadOnlyList<RemoteEntry>> ListAsync(string path, CancellationToken cancellationToken)
    {
        var entries = new List<RemoteEntry>();
        await foreach (var file in sftp.ListDirectoryAsync(Full(path), cancellationToken))
        {
            if (file.Name is not ("." or ".."))
            {
                entries.Add(new RemoteEntry(
                    file.Name, file.IsDirectory
                        ? RemoteEntryKind.Folder : file.IsRegularFile ? RemoteEntryKind.File : file.IsSymbolicLink ? RemoteEntryKind.Link
                        : RemoteEntryKind.Other,
                    file.Length));
            }
        }

        return entries;
    }

    /// <summary>The size of the file that a symbolic link points to; null if it does not point to a file.</summary>
    public async Task<long?> SizeOfTargetAsync(string path, CancellationToken cancellationToken)
    {
        var full = Full(path);
        return await sftp.ExistsAsync(full, cancellationToken)
            && await sftp.GetAttributesAsync(full, cancellationToken) is { IsRegularFile: true } target ? target.Size : null;
    }

    /// <summary>Writes a file. An existing file is replaced.</summary>
    public Task WriteAsync(string path, Stream content, CancellationToken cancellationToken) =>
        sftp.UploadFileAsync(content, Full(path), cancellationToken);

    /// <summary>Writes a text file in UTF-8. An existing file is replaced.</summary>
    public async Task WriteTextAsync(string path, string text, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await WriteAsync(path, content, cancellationToken);
    }

    /// <summary>Reads a file.</summary>
    public Task ReadAsync(string path, Stream content, CancellationToken cancellationToken) =>
        sftp.DownloadFileAsync(Full(path), content, cancellationToken);

    /// <summary>Renames a file. An existing file with the new name is replaced.</summary>
    public Task ReplaceAsync(string path, string newPath, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            sftp.RenameFile(Full(path), Full(newPath), isPosix: true);
            return true;
        }, cancellationToken).OrStopped(cancellationToken);

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
