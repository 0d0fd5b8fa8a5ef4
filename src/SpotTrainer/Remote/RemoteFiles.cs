using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Sftp;

namespace SpotTrainer.Remote;

/// <summary>Files of a machine. Paths are taken from the home of who logs in, unless they begin with a slash.</summary>
internal static class RemoteFiles
{
    /// <summary>Gives a path as the file transfer takes it: it knows no <c>~</c>, and starts at home.</summary>
    public static string SftpPath(string path) => path == "~" ? "." : path.StartsWith("~/", StringComparison.Ordinal) ? path.Substring(2) : path;

    /// <summary>Makes a folder and those above it.</summary>
    public static async Task MakeFolderAsync(SftpClient sftp, string path, CancellationToken cancellationToken)
    {
        if (path.Length == 0 || path is "/" or "." || await sftp.ExistsAsync(path, cancellationToken))
        {
            return;
        }

        var parent = path.LastIndexOf('/');
        if (parent > 0)
        {
            await MakeFolderAsync(sftp, path.Substring(0, parent), cancellationToken);
        }

        try
        {
            await sftp.CreateDirectoryAsync(path, cancellationToken);
        }
        catch (SshException) when (sftp.Exists(path))
        {
            // Another transfer to the same machine was faster.
        }
    }

    /// <summary>Writes a text file, in place of one that stands there.</summary>
    public static async Task WriteTextAsync(SftpClient sftp, string path, string text, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await sftp.UploadFileAsync(content, path, cancellationToken);
    }

    /// <summary>Lists a folder, without the entries that name itself and the one above.</summary>
    public static async Task<IReadOnlyList<ISftpFile>> ListAsync(SftpClient sftp, string path, CancellationToken cancellationToken)
    {
        var files = new List<ISftpFile>();
        await foreach (var file in sftp.ListDirectoryAsync(path, cancellationToken))
        {
            if (file.Name is not ("." or ".."))
            {
                files.Add(file);
            }
        }

        return files;
    }
}
