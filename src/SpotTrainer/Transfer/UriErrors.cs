using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Transfer;

/// <summary>The errors of fetching files from addresses. None shows more of an address than its host and path.</summary>
internal static class UriErrors
{
    /// <summary>How S3, Google Cloud Storage, and Azure say that a signature has expired.</summary>
    private static readonly string[] Expired = ["ExpiredToken", "has expired", "Signature not valid in the specified time frame"];

    public static SpotTrainerException Invalid(string text) => new(
        "UriInvalid", ErrorKind.InvalidArgument,
        $"An address of {DisplayText.Count(text.Length, "character")} is not a valid address. It is not shown: it may hold a secret.",
        "Use a whole address, such as https://example.org/data.zip. In a shell, put it in single quotes.", "-Uri");

    public static SpotTrainerException NotHttps(Uri uri) => new(
        "UriNotHttps", ErrorKind.SecurityError,
        $"{uri.Scheme}://{uri.Host} is not an https:// address. Without https, anyone on the way could read and change the data.",
        uri.IsFile ? "To send a file of this computer, use -Path."
            : "Use the https:// address of the file, or download it here and use -Path.",
        "-Uri");

    public static SpotTrainerException IsAddress(string path) => new(
        "PathIsAddress", ErrorKind.InvalidArgument,
        $"{(Uri.TryCreate(path, UriKind.Absolute, out var uri) ? $"{uri.Scheme}://{uri.Host}" : "That")} is an address, not a path of this computer.",
        "Use -Uri for https:// addresses, and -Path for files of this computer.", "-Path");

    public static SpotTrainerException Misplaced(string parameter, bool isUri) => new(
        "ParameterMisplaced", ErrorKind.InvalidArgument,
        isUri ? $"-{parameter} is for files of this computer, and has no meaning with -Uri." : $"-{parameter} is for -Uri only.",
        $"Leave out -{parameter}, or use it with {(isUri ? "-Path" : "-Uri")}.", $"-{parameter}");

    public static SpotTrainerException CountDiffers(string parameter, int count, int uris) => new(
        "UriCountDiffers", ErrorKind.InvalidArgument,
        $"{parameter} has {DisplayText.Count(count, "value")}, but -Uri has {DisplayText.Count(uris, "address", "addresses")}.",
        $"Give {parameter} one value for each address, in the same order.", parameter);

    public static SpotTrainerException HashInvalid(string hash) => new(
        "UriHashInvalid", ErrorKind.InvalidArgument, $"'{hash}' is not a SHA-256, which has 64 hexadecimal digits.",
        "Copy the whole hash from where the owner of the file publishes it, or use Get-FileHash on a file that you trust.", hash);

    public static SpotTrainerException NameInvalid(string name) => new(
        "UriNameInvalid", ErrorKind.InvalidArgument, $"'{name}' cannot be the name of a file on a host.",
        "Use a -FileName of up to 255 bytes, without slashes and control characters. The folder is -Destination.", name);

    public static SpotTrainerException NameMissing(UriSource source) => new(
        "UriNameMissing", ErrorKind.InvalidArgument, $"Neither the server nor the address {source} gives the file a name.",
        "Use -FileName.", source.Shown);

    public static SpotTrainerException NameTwice(UriSource source, string name) => new(
        "DataAmbiguous", ErrorKind.InvalidArgument, $"{source} and another address would both be '{name}' on the host.",
        "Use -FileName, or fetch them to different -Destination folders.", name);

    public static SpotTrainerException DriveUnsupported(Uri uri) => new(
        "DriveLinkUnsupported", ErrorKind.InvalidArgument, uri switch
        {
            _ when uri.AbsolutePath.Contains("/folders/") => $"{Show(uri)} is a folder of Google Drive. Only files can be fetched.",
            { Host: "docs.google.com" } => $"{Show(uri)} is a document of Google's own, which is not a file until it is exported.",
            _ => $"{Show(uri)} is not a link to a file of Google Drive.",
        },
        "Share the file itself (as one .zip file, for example) with 'Anyone with the link', and use the link that 'Copy link' gives.",
        Show(uri));

    public static SpotTrainerException NoCurl(TrainingHost host) => new(
        "CurlMissing", ErrorKind.NotInstalled, $"{host} has no curl, which fetches the file.",
        "Install it: Invoke-TrainingCommand -Sudo 'apt-get install -y curl || dnf install -y curl'.", host);

    public static SpotTrainerException Busy(TrainingHost host, UriSource source) => new(
        "UriBusy", ErrorKind.ResourceBusy, $"{host} is already fetching {source} to that folder.",
        "Wait until that has ended, and try again.", host);

    public static SpotTrainerException NoSpace(TrainingHost host, UriSource source, long need, long free) => new(
        "HostDiskFull", ErrorKind.LimitsExceeded,
        $"{source} needs {DisplayText.Size(need)}, but the folder on {host} has {DisplayText.Size(free)} free. Nothing was downloaded.",
        $"Free {DisplayText.Size(need - free)} on the host, use a -Destination on another disk, or launch with a larger disk.", host);

    public static SpotTrainerException DiskFull(TrainingHost host, UriSource source) => new(
        "HostDiskFull", ErrorKind.LimitsExceeded, $"{host} could not write all of {source}. Its disk is full, most likely.",
        "Free space on the host (Invoke-TrainingCommand 'df -h'), and try again.", host);

    public static SpotTrainerException Page(TrainingHost host, UriSource source, string? name) => new(
        "UriIsPage", ErrorKind.InvalidData,
        $"{source} gave {host} a web page where {(name is null ? "a file" : $"the file '{name}'")} was expected.",
        "Open the address in a private browser window. If it asks to sign in, share the file with everyone who has the link, or use a "
        + "presigned address. To fetch a page, use a -FileName that ends in .html.", source.Shown);

    public static SpotTrainerException DriveQuota(UriSource source) => new(
        "DriveQuotaExceeded", ErrorKind.LimitsExceeded,
        $"Too many people have downloaded {source} lately, so Google Drive refuses it for now.",
        "Try again tomorrow, or make a copy in your own Google Drive and share that.", source.Shown);

    public static SpotTrainerException DrivePrivate(UriSource source) => new(
        "UriRefused", ErrorKind.PermissionDenied, $"{source} can only be read after signing in to Google.",
        "Share the file with 'Anyone with the link' in Google Drive.", source.Shown);

    public static SpotTrainerException HashMismatch(TrainingHost host, UriSource source, string found) => new(
        "UriHashMismatch", ErrorKind.SecurityError,
        $"What {host} got from {source} has the SHA-256 {found}, not {source.Sha256}. It was deleted.",
        "Compare -Sha256 with what the owner of the file publishes. If it is right, do not use this file.", source.Shown);

    /// <summary>The server answered, and not with the file.</summary>
    public static SpotTrainerException Status(UriSource source, UriReply reply) => reply.Status switch
    {
        401 or 403 or 400 when IsExpired(reply.Body) => new("UriExpired", ErrorKind.PermissionDenied,
            $"The presigned address {source} has expired.",
            "Make a new one, and run the same command with it. What was downloaded is kept.", source.Shown),
        401 or 403 => new("UriRefused", ErrorKind.PermissionDenied,
            $"The server refuses {source} (status {reply.Status}).",
            "Check that the file is public. A presigned address may have expired, or may be incomplete: put it in single quotes.",
            source.Shown),
        404 or 410 => new("UriNotFound", ErrorKind.ObjectNotFound, $"There is no {source} (status {reply.Status}).",
            source.IsDrive ? "Check the link, and that the file is shared with 'Anyone with the link'." : "Check the address.",
            source.Shown),
        408 or 429 or >= 500 => new("UriFailed", ErrorKind.ResourceUnavailable,
            $"The server of {source} cannot send it now (status {reply.Status}).", "Run the same command again later.", source.Shown),
        _ => new("UriRefused", ErrorKind.PermissionDenied, $"The server refuses {source} (status {reply.Status}).",
            "Check the address in a browser.", source.Shown),
    };

    /// <summary>Whether the same request may succeed in a moment.</summary>
    public static bool MayPass(Exception exception) =>
        exception is SpotTrainerException { Id: "UriFailed" or "UriUnreachable" or "UriInterrupted" };

    /// <summary>curl had no answer, or not all of it. The codes are curl's (curl(1), "Exit codes").</summary>
    public static SpotTrainerException Curl(TrainingHost host, UriSource source, int code) => code switch
    {
        1 => new("UriRedirectUnsafe", ErrorKind.SecurityError,
            $"{source} leads to an address that is not https://, so {host} did not follow it.",
            "Use the https:// address of the file itself.", source.Shown),
        23 => DiskFull(host, source),
        47 => new("UriRefused", ErrorKind.ResourceUnavailable, $"{source} leads from one address to the next without end.",
            "Check the address in a browser.", source.Shown),
        51 or 60 => new("UriCertificate", ErrorKind.SecurityError, $"{host} does not trust the certificate of the server of {source}.",
            "Check the address, the clock of the host, and that its ca-certificates are up to date.", source.Shown),
        5 or 6 => new("UriUnreachable", ErrorKind.ConnectionError, $"{host} cannot find the server of {source} by its name.",
            "Check the address, and that the host has Internet access. A rehearsal has none.", source.Shown),
        7 or 28 or 35 => new("UriUnreachable", ErrorKind.ConnectionError, $"The server of {source} does not answer {host}.",
            "Check the address, and that the host has Internet access. Then run the same command: what was downloaded is kept.",
            source.Shown),
        _ => new("UriInterrupted", ErrorKind.ConnectionError, $"The download of {source} broke off on {host} (curl's exit code {code}).",
            "Run the same command again. It continues where it stopped if the server allows that.", source.Shown),
    };

    public static SpotTrainerException Changed(TrainingHost host, UriSource source) => new(
        "UriInterrupted", ErrorKind.ConnectionError, $"{source} changed while {host} downloaded it.",
        "Run the same command again.", source.Shown);

    public static SpotTrainerException NoVerdict(TrainingHost host, UriSource source) => new(
        "UriFetchFailed", ErrorKind.InvalidResult, $"{host} ended the download of {source} without saying why.",
        "Check the disk of the host (Invoke-TrainingCommand 'df -h'), and try again.", host);

    private static bool IsExpired(string body) =>
        Array.Exists(Expired, mark => body.IndexOf(mark, StringComparison.OrdinalIgnoreCase) >= 0);

    private static string Show(Uri uri) => UriSource.Show(uri);
}
